"""Counts likes by author, from the event exchange of RabbitMQ: a worker of a queue, of which there may be many.

    pip install pika==1.3.2
    AMQP_URL=amqp://localhost NAMESPACE=polygraph python rabbitmq_consumer.py
"""

import collections
import json
import os

import pika

connection = pika.BlockingConnection(pika.URLParameters(os.environ["AMQP_URL"]))
channel = connection.channel()
exchange, queue = f"{os.environ.get('NAMESPACE', 'polygraph')}.events", "likes-by-author"
channel.exchange_declare(exchange, "topic", durable=True)
channel.queue_declare(queue, durable=True)
channel.queue_bind(queue, exchange, "post.liked")
channel.basic_qos(prefetch_count=100)
print("ready", flush=True)
likes, seen = collections.Counter(), set()  # a real one keeps both where it keeps its results
for method, properties, body in channel.consume(queue):
    event = json.loads(body)
    if event["type"] == "org.polygraph.post.liked.v1" and event["id"] not in seen:
        seen.add(event["id"])
        likes[event["data"]["author"]] += 1
        print(event["data"]["author"], likes[event["data"]["author"]], flush=True)
    channel.basic_ack(method.delivery_tag)
