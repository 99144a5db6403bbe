"""Signs requests as botocore does: a second opinion.

usage: botocore_sign.py requests <seed> <count>    prints <count> requests, fields with tabs between:
                                                   service, method, URL, body, headers
       botocore_sign.py sign < requests            prints a signature for each
       botocore_sign.py presign < requests         prints the signed URL of each (service s3 only)

The keys, the region and the date (SIGV4_DATE, SIGV4_EXPIRES) come from the environment.
"""

import datetime
import os
import random
import sys
from urllib.parse import quote

import botocore.auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

PIECES = ["a", "Z", "0", "-", "_", ".", "~", " ", "+", "/", ":", "=", "&", "%", "$", ",", ";", "@", "!", "*",
          "'", "(", ")", "ü", "論", "😀", "arn:aws:", "v1:0"]


def text(rng, most):
    return "".join(rng.choice(PIECES) for _ in range(rng.randint(1, most)))


def path(rng):
    segments = [quote(text(rng, 6), safe="-_.~") for _ in range(rng.randint(0, 4))]
    # Dot segments are resolved by HTTP clients before they send anything.
    return "/" + "/".join(s for s in segments if s not in (".", ".."))


def query(rng):
    names = list({quote(text(rng, 4), safe="-_.~"): 1 for _ in range(rng.randint(0, 5))})
    rng.shuffle(names)
    return "&".join(n if rng.random() < 0.2 else n + "=" + quote(text(rng, 4), safe="-_.~") for n in names)


def request(rng):
    url = "https://" + rng.choice(["h.example.org", "b.s3.amazonaws.com", "127.0.0.1:5000"]) + path(rng)
    q = query(rng)
    headers = [f"X-{c}: {text(rng, 5).strip() or 'x'}" for c in rng.sample("QRST", rng.randint(0, 3))]
    return [rng.choice(["s3", "sqs", "bedrock"]), rng.choice(["GET", "POST", "PUT"]),
            url + ("?" + q if q else ""), text(rng, 8), *[h.encode("ascii", "replace").decode() for h in headers]]


def prepare(fields):
    service, method, url, body, headers = fields[0], fields[1], fields[2], fields[3], fields[4:]
    q = AWSRequest(method=method, url=url, data=body.encode())
    for line in headers:
        name, _, value = line.partition(":")
        q.headers[name] = value.strip()
    return service, q


def sign(fields, credentials, region):
    service, q = prepare(fields)
    kind = botocore.auth.S3SigV4Auth if service == "s3" else botocore.auth.SigV4Auth
    kind(credentials, service, region).add_auth(q)
    return q.headers["Authorization"].rpartition("Signature=")[2]


def presign(fields, credentials, region):
    service, q = prepare([*fields[:3], ""])
    botocore.auth.S3SigV4QueryAuth(credentials, service, region, int(os.environ["SIGV4_EXPIRES"])).add_auth(q)
    return q.url.rpartition("X-Amz-Signature=")[2]


def main():
    if sys.argv[1] == "requests":
        rng = random.Random(sys.argv[2])
        for _ in range(int(sys.argv[3])):
            print("\t".join(request(rng)))
        return
    date = datetime.datetime.fromtimestamp(int(os.environ["SIGV4_DATE"]), datetime.timezone.utc)
    botocore.auth.get_current_datetime = lambda: date.replace(tzinfo=None)
    credentials = Credentials(os.environ["AWS_ACCESS_KEY_ID"], os.environ["AWS_SECRET_ACCESS_KEY"],
                              os.environ.get("AWS_SESSION_TOKEN"))
    for line in sys.stdin:
        print(globals()[sys.argv[1]](line.rstrip("\n").split("\t"), credentials, os.environ["AWS_REGION"]))


main()
