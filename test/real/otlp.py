"""Receives OTLP logs over HTTP in JSON, and reads them with the official protobuf messages. usage: otlp.py PORT.

Prints `ready`. What it took is at GET /received, as an array of objects: in protobuf's own JSON, with the trace and
span ids in hexadecimal again. What it cannot read is answered with 400 and the reason.
"""

import base64
import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from google.protobuf import json_format
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest

IDS = ("traceId", "spanId")

received = []


def records_of(request):
    for resource in request.get("resourceLogs", []):
        for scope in resource.get("scopeLogs", []):
            yield from scope.get("logRecords", [])


def recode_ids(request, recode):
    """Ids are hexadecimal in OTLP, and base64 in what protobuf reads and writes."""
    for record in records_of(request):
        for name in IDS:
            if name in record:
                record[name] = recode(record[name])
    return request


def to_base64(text):
    return base64.b64encode(bytes.fromhex(text)).decode()


def to_hex(text):
    return base64.b64decode(text).hex()


def read(body):
    request = recode_ids(json.loads(body), to_base64)
    message = json_format.Parse(json.dumps(request), ExportLogsServiceRequest(), ignore_unknown_fields=False)
    # To the wire and back: what is out of range fails here at the latest.
    message = ExportLogsServiceRequest.FromString(message.SerializeToString())
    return recode_ids(json_format.MessageToDict(message, use_integers_for_enums=True), to_hex)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.answer(200, received)

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("content-length", "0")))
        if self.path != "/v1/logs":
            return self.answer(404, {"message": self.path})
        if self.headers.get_content_type() != "application/json":
            return self.answer(415, {"message": self.headers.get_content_type()})
        try:
            received.append(read(body))
        except Exception as error:  # whatever protobuf does not like
            return self.answer(400, {"code": 3, "message": f"{type(error).__name__}: {error}"})
        return self.answer(200, {})

    def answer(self, status, value):
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


server = ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler)
print("ready", flush=True)
server.serve_forever()
