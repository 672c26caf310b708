"""Counts likes by author, from the event stream in Redis: a worker of a group, of which there may be many.

    pip install redis==6.4.0
    REDIS_URL=redis://localhost NAMESPACE=polygraph python redis_consumer.py
"""

import collections
import json
import os

import redis

client = redis.Redis.from_url(os.environ["REDIS_URL"], decode_responses=True)
stream, group, me = f"{{{os.environ.get('NAMESPACE', 'polygraph')}}}:events", "likes-by-author", f"worker-{os.getpid()}"
try:
    client.xgroup_create(stream, group, id="$", mkstream=True)
except redis.ResponseError as error:
    if "BUSYGROUP" not in str(error):  # another worker has made it
        raise
print("ready", flush=True)
likes, seen = collections.Counter(), set()  # a real one keeps both where it keeps its results
while True:
    # What a worker that is gone had in hand is anybody's after a minute.
    _, stuck, _ = client.xautoclaim(stream, group, me, min_idle_time=60_000, count=100)
    fresh = client.xreadgroup(group, me, {stream: ">"}, count=100, block=5_000)
    for entry, fields in stuck + (fresh[0][1] if fresh else []):
        event = json.loads(fields["event"])
        if event["type"] == "org.polygraph.post.liked.v1" and event["id"] not in seen:
            seen.add(event["id"])
            likes[event["data"]["author"]] += 1
            print(event["data"]["author"], likes[event["data"]["author"]], flush=True)
        client.xack(stream, group, entry)
