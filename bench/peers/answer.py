"""An engine's side of the conversation with the benchmark: first {version, parameters, load, compile, step} or
{reason, missing}, then {images, seconds} for every number of seconds on standard input."""
import json
import os
import sys
import time

started = float(os.environ.get("CUTOUT_BENCH_STARTED", time.time()))


def say(**line):
    print(json.dumps(line), flush=True)


def refuse(reason, missing=False):
    """missing: something is not installed."""
    say(reason=str(reason).strip().split("\n")[0][:300], missing=missing)
    sys.stdout.flush()
    os._exit(0)


def compete(version, images, prepare, parameters=None):
    """prepare() gives one step, which does so many images."""
    load = time.time() - started
    try:
        begin = time.perf_counter()
        step = prepare()
        compiled = time.perf_counter() - begin
        begin = time.perf_counter()
        step()
        first = time.perf_counter() - begin
        for _ in range(2):
            if time.perf_counter() - begin < 5:
                step()
    except Exception as error:
        refuse(f"{type(error).__name__}: {error}")
    say(version=version, parameters=parameters, load=load, compile=compiled, step=first)
    for line in sys.stdin:
        begin = time.perf_counter()
        done = 0
        while done == 0 or time.perf_counter() - begin < float(line):
            step()
            done += images
        say(images=done, seconds=time.perf_counter() - begin)
    os._exit(0)  # without waiting for workers
