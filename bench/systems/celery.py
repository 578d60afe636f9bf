"""Celery on Redis, prefork 2, results in Redis, as the original deployment had it."""
import json
import os
import subprocess
import sys
import time

from celery import Celery

URL = os.environ["REDIS_URL"]
app = Celery("bench", broker=URL, backend=URL)
app.conf.update(task_ignore_result=False, worker_prefetch_multiplier=64, broker_pool_limit=10)


@app.task(name="noop")
def noop(a, b):
    return {"ok": 1}


def main():
    count = int(sys.argv[1])
    began = time.time()
    with app.producer_pool.acquire(block=True) as producer:
        for b in range(count):
            noop.apply_async(args=(1, b), producer=producer)
    enqueue = count / (time.time() - began)
    import redis

    client = redis.Redis.from_url(URL)
    worker = subprocess.Popen(
        [sys.executable, "-m", "celery", "-A", "celery_bench", "worker", "-c", "2", "-l", "error", "--without-gossip", "--without-mingle"],
        cwd=os.environ["BENCH_CELERY_DIR"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )
    try:
        first = None
        while True:
            done = client.dbsize() - 1
            if first is None and client.llen("celery") < count:
                first = time.time()
            if client.llen("celery") == 0 and sum(1 for _ in client.scan_iter("celery-task-meta-*", count=5000)) >= count:
                break
            time.sleep(0.05)
        run = count / (time.time() - first)
    finally:
        worker.terminate()
        worker.wait()
    print(json.dumps({"enqueueMany": enqueue, "run": run}))


if __name__ == "__main__":
    main()
