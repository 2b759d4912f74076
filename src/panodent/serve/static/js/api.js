// Requests to the service: error responses become errors to show, and a token is asked for if needed.

let token = tokenOfAddress() || (sessionStorage.getItem("panodent.token") ?? "");
let ask = async () => "";

/** Takes the token of the opened address, /#token=TOKEN, out of the address bar and the history. */
function tokenOfAddress() {
  const given = new URLSearchParams(location.hash.slice(1)).get("token") ?? "";
  if (given) {
    history.replaceState(null, "", location.pathname + location.search);
    sessionStorage.setItem("panodent.token", given);
  }
  return given;
}

/** `askForToken(wrong)` returns a token, or "" if the user cancels. */
export function onTokenNeeded(askForToken) {
  ask = askForToken;
}

/** An error response: its `status` (0 if the service does not answer) and its detail. */
export class ApiError extends Error {
  constructor(status, detail) {
    super(detail);
    this.status = status;
  }
}

const headers = (more = {}) => (token ? { ...more, Authorization: `Bearer ${token}` } : more);

async function newToken() {
  const given = await ask(Boolean(token));
  if (!given) throw new ApiError(401, "A token is required; reload the page to enter it.");
  token = given;
  sessionStorage.setItem("panodent.token", token);
}

async function request(path, options = {}) {
  let response;
  try {
    response = await fetch(path, { ...options, headers: headers(options.headers) });
  } catch {
    throw new ApiError(0, "The service does not answer. Is it still running?");
  }
  if (response.status === 401) {
    await newToken();
    return request(path, options);
  }
  if (!response.ok) throw new ApiError(response.status, await detailOf(response));
  return response;
}

async function detailOf(response) {
  return said(await response.text(), response.status);
}

function said(text, status) {
  try {
    return JSON.parse(text).detail || `The service returned status ${status}.`;
  } catch {
    return `The service returned status ${status}.`;
  }
}

const json = async (path, options) => (await request(path, options)).json();

export const info = () => json("v1/info");
/** A page of the list; `query` holds search, sort, order, show, limit and offset. */
export const studies = (query) => json(`v1/studies?${new URLSearchParams(query)}`);
/** What is beside a study in the list of this query. */
export const beside = (id, query) => json(`v1/studies/${id}/beside?${new URLSearchParams(query)}`);
/** Makes a new study of the turned radiograph; `turn` is half, left, right or mirror. */
export const turned = (id, turn) => json(`v1/studies/${id}/turned?turn=${turn}`, { method: "POST" });
export const thumbnail = async (id) => (await request(`v1/studies/${id}/thumbnail`)).blob();
export const study = (id) => json(`v1/studies/${id}`);
export const measurements = (id) => json(`v1/studies/${id}/measurements`);
export const numberingProblems = (teeth) =>
  json("v1/numbering", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ teeth }),
  });
/** The outline of the tooth at clicks or a box: { positive, negative, box }. */
export const toothAt = (id, prompt) =>
  json(`v1/studies/${id}/tooth-at`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(prompt),
  });
export const example = () => json("v1/example", { method: "POST" });
export const remove = (id) => request(`v1/studies/${id}`, { method: "DELETE" });
export const picture = async (id) => (await request(`v1/studies/${id}/image`)).blob();

/** `findings` is undefined if nothing is known of them; `by` is who saves. */
export const save = (id, revision, { teeth, findings }, by) =>
  json(`v1/studies/${id}/teeth`, {
    method: "PUT",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ revision, teeth, findings, by }),
  });

export const exported = async (id, name, numbering) =>
  (await request(`v1/studies/${id}/export/${name}?numbering=${numbering}`)).blob();

export const training = async () => (await request("v1/training.zip")).blob();

/** Sends a file; `progress(share)` receives the share that is sent. Resolves to the new study. */
export async function upload(file, progress) {
  for (let tries = 0; ; tries++) {
    const { status, text, wait } = await sent(file, progress);
    if (status === 201) return JSON.parse(text);
    if (status === 401) await newToken();
    else if (status === 503 && tries < 60) await new Promise((done) => setTimeout(done, wait * 1000));
    else if (status === 0) throw new ApiError(0, "The service does not answer. Is it still running?");
    else throw new ApiError(status, said(text, status));
  }
}

// fetch does not report upload progress; XMLHttpRequest does.
function sent(file, progress) {
  return new Promise((resolve) => {
    const line = new XMLHttpRequest();
    line.open("POST", "v1/studies");
    for (const [name, value] of Object.entries(headers())) line.setRequestHeader(name, value);
    line.upload.onprogress = (event) => progress(event.total ? event.loaded / event.total : 0);
    line.onloadend = () =>
      resolve({
        status: line.status,
        text: line.responseText,
        wait: Number(line.getResponseHeader("Retry-After")) || 1,
      });
    const form = new FormData();
    form.append("file", file, file.name || "pasted.png");
    line.send(form);
  });
}
