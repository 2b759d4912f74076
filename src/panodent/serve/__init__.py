"""`panodent serve`: a page to look, correct and take away, and the same as an HTTP API.

worker   a process that decodes and predicts, and may be killed
crew     those processes, shared by all requests
study    a radiograph with the teeth found and the teeth as corrected
store    studies and jobs, kept in a database with files beside
work     what the routes do: crew and store together
guard    bounds, headers and the token, before any route
api      the routes; label_studio, a backend for that annotation tool
"""
