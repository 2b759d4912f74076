"""`panodent serve`: a web page to view, correct and export teeth, and the same as an HTTP API.

server      runs the application in uvicorn, with timeouts for slow clients
app         the application: routes, static page, error responses, start and stop
routes      the HTTP API, one module for each group of paths
middleware  around every request: limits (size, speed, token, host) and metrics
service     the operations behind the routes: worker pool and store together
workers     processes that decode radiographs and find teeth; they may be killed
store       studies, jobs and training data: a database and files beside it
study       a radiograph with the teeth as predicted and as corrected
"""
