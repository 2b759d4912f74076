// Loads a segmentation with the code of the OHIF viewer, and compares its label maps with the file.
//
//   npm install dcmjs@0.52 @babel/runtime@7 @cornerstonejs/{adapters,core,metadata,tools}@5.14
//   node ohif_seg.mjs teeth.seg.dcm radiograph.dcm [--orientation]
//
// The loader needs Image Orientation (Patient), which a panoramic radiograph does not have and
// panodent does not invent. --orientation adds in memory the one that OHIF assumes for the radiograph.
// The exit code is 0 if all segments are equal.

import fs from "node:fs";

globalThis.window ??= globalThis; // the packages are made for browsers
globalThis.document ??= { createElement: () => ({ getContext: () => null, style: {} }) };
const { adaptersSEG } = await import("@cornerstonejs/adapters");
const { data } = (await import("dcmjs")).default;

const ASSUMED = [1, 0, 0, 0, 1, 0];
const IMAGE = "wadouri:radiograph";

function read(name) {
  const bytes = fs.readFileSync(name);
  return data.DicomMessage.readFile(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
}

const [segmentationFile, radiographFile] = process.argv.slice(2);
const file = read(segmentationFile);
const radiograph = data.DicomMetaDictionary.naturalizeDataset(read(radiographFile).dict);
if (process.argv.includes("--orientation")) {
  const orientation = { "00200037": { vr: "DS", Value: ASSUMED } };
  file.dict["52009229"].Value = [{ "00209116": { vr: "SQ", Value: [orientation] } }];
}
const segmentation = data.DicomMetaDictionary.naturalizeDataset(file.dict);

// What OHIF knows of the radiograph.
const modules = {
  generalImageModule: { sopInstanceUID: radiograph.SOPInstanceUID },
  generalSeriesModule: { seriesInstanceUID: radiograph.SeriesInstanceUID },
  instance: radiograph,
  imagePlaneModule: {
    rows: radiograph.Rows,
    columns: radiograph.Columns,
    rowCosines: ASSUMED.slice(0, 3),
    columnCosines: ASSUMED.slice(3),
    imagePositionPatient: [0, 0, 0],
    rowPixelSpacing: 1,
    columnPixelSpacing: 1,
  },
};
const provider = { get: (name, image) => (image === IMAGE ? modules[name] : undefined) };

let loaded;
try {
  const { generateToolState } = adaptersSEG.Cornerstone.Segmentation;
  loaded = await generateToolState([IMAGE], file.write(), provider, false, 1e-3, 4);
} catch (error) {
  console.log(`OHIF's loader refuses it: ${error.message}`);
  process.exit(1);
}

const size = segmentation.Rows * segmentation.Columns;
const maps = loaded.labelmapBufferArray.map((buffer) => new Uint8Array(buffer));
const bits = new Uint8Array([].concat(segmentation.PixelData)[0]);
const segments = [].concat(segmentation.SegmentSequence);
const equal = segments.filter((_, index) => {
  for (let pixel = 0; pixel < size; pixel++) {
    const at = index * size + pixel; // one frame for each segment, eight pixels in a byte
    const inFile = (bits[at >> 3] >> (at & 7)) & 1;
    if (inFile !== Number(maps.some((map) => map[pixel] === index + 1))) return false;
  }
  return true;
});
console.log(`${equal.length} of ${segments.length} segments are equal; ${maps.length} label maps`);
process.exit(equal.length === segments.length ? 0 : 1);
