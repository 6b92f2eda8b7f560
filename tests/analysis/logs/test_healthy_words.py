"""Healthy logs full of words of failures: handled errors, retries, rates, warnings. None is a failure or suspect."""

from __future__ import annotations

import io

import pytest
from watchkeeper.server.analysis.logs.scan import scan

STEPS = tuple(f"epoch {i} loss {2 * 0.8**i:.3f}" for i in range(8))
"""Reports of business as usual."""
HEALTHY: dict[str, tuple[str, ...]] = {
    "an error rate": (
        "epoch 1 error rate 0.31 val error: 0.12",
        "epoch 2 error rate 0.22 val error: 0.10",
        "epoch 3 error rate 0.20 val error: 0.09",
        "training finished, best error 0.09",
    ),
    "a word error rate and failed alignments of a kind that is counted": (
        "step 100 WER: 21.3 CER: 8.1",
        "step 200 WER: 19.0 CER: 7.2 (failed alignments: 3)",
        "step 300 WER: 17.7 CER: 6.9 (failed alignments: 0)",
    ),
    "a request that is tried again": (
        *STEPS[0:2],
        (
            "WARNING:urllib3.connectionpool:Retrying (Retry(total=4, connect=None)) after connection broken "
            "by 'ReadTimeoutError(\"HTTPSConnectionPool(host='api.x.org', port=443): Read timed out.\")': "
            "/v1"
        ),
        *STEPS[2:5],
    ),
    "a file that is skipped": (
        *STEPS[0:2],
        "ERROR:data:could not decode img_0031.jpg: image file is truncated (4 bytes not processed), skipping",
        *STEPS[2:5],
    ),
    "files that were skipped at the start": (
        "loading 900 images",
        "WARNING could not read 3 of 900 images, skipped",
        *STEPS[0:4],
    ),
    "agents that were killed in a game": (
        "epoch 0 killed: 3 agents, loss 1.2",
        "epoch 1 killed: 2 agents, loss 1.0",
        "epoch 2 killed: 0 agents, loss 0.8",
    ),
    "a class called fatal": (
        "class report",
        "              precision recall f1",
        "fatal          0.81 0.7 0.75",
        "non-fatal      0.9 0.9 0.9",
        "accuracy 0.88",
    ),
    "features that count errors": (
        "top features:",
        "  error_count 0.31",
        "  failed_logins 0.22",
        "  exception_rate 0.11",
        "done",
    ),
    "memory that ran out, and a smaller batch": (
        *STEPS[0:2],
        "RuntimeError caught: CUDA out of memory, retrying with batch size 16",
        *STEPS[2:6],
    ),
    "a search for a batch size": (
        "Decreasing batch size to: 32.",
        "Decreasing batch size to: 16.",
        *STEPS[0:4],
    ),
    "a batch size that failed": (
        "Batch size 2 succeeded, trying batch size 4",
        "Batch size 4 failed, trying batch size 3",
        "Finished batch size finder, will continue with full run using batch size 2",
        *STEPS[0:4],
    ),
    "a trial that failed": (
        "[I 2024-01-01 10:00:00,000] Trial 3 pruned. ",
        (
            "[W 2024-01-01 10:00:01,000] Trial 4 failed with parameters: {'lr': 0.1} because of the "
            "following error: ValueError('nan')."
        ),
        (
            "[I 2024-01-01 10:00:02,000] Trial 5 finished with value: 0.31 and parameters: {'lr': 0.01}. "
            "Best is trial 5 with value: 0.31."
        ),
    ),
    "a traceback that was handled": (
        *STEPS[0:2],
        "upload failed, will retry",
        "Traceback (most recent call last):",
        '  File "/work/up.py", line 3, in up',
        "    put(p)",
        "ConnectionError: timed out",
        *STEPS[2:6],
    ),
    "a step that was skipped for its scale": (
        "step 1 loss 2.0",
        "step 2 loss nan grad overflow, skipping step, loss scale 32768",
        "step 3 loss 1.9",
        "step 4 loss 1.8",
        "step 5 loss 1.7",
    ),
    "a first validation that is infinite": (
        "epoch 0 train 1.2 val inf",
        "epoch 1 train 1.1 val 2.2",
        "epoch 2 train 1.0 val 2.1",
        "epoch 3 train 0.9 val 2.0",
    ),
    "a warning that speaks of an error to come": (
        "FutureWarning: The default value of numeric_only is deprecated and will raise an error in a future version.",
        *STEPS[0:4],
    ),
    "factories that were registered twice": (
        (
            "2024-01-01 10:00:00.000000: E external/local_xla/xla/stream_executor/cuda/cuda_fft.cc:477] "
            "Unable to register cuFFT factory: Attempting to register factory for plugin cuFFT when one has "
            "already been registered"
        ),
        "2024-01-01 10:00:00.0: W tensorflow/core/framework/op_kernel.cc:1] Warning",
        "Epoch 1/3 - loss: 1.2",
        "Epoch 2/3 - loss: 1.1",
        "Epoch 3/3 - loss: 1.0",
    ),
    "an import with a fallback": (
        "ImportError: No module named 'flash_attn', falling back to sdpa",
        *STEPS[0:4],
    ),
    "a driver that is not there, and the CPU": (
        "Failed to initialize NVML: Driver/library version mismatch",
        "running on CPU",
        *STEPS[0:4],
    ),
    "a tracker that cannot sample": (
        "wandb: ERROR Failed to sample metrics: Not Supported",
        *STEPS[0:4],
    ),
    "a tracker without a network": (
        "wandb: Network error (ReadTimeout), entering retry loop.",
        *STEPS[0:4],
    ),
    "git outside of a repository": (
        "fatal: not a git repository (or any of the parent directories): .git",
        "commit: unknown",
        *STEPS[0:4],
    ),
    "handlers of signals": (
        "registering handlers for SIGTERM, SIGINT",
        *STEPS[0:4],
    ),
    "settings that name failures": (
        "config: timeout=30 retries=3 on_error=skip max_failures=5",
        *STEPS[0:4],
    ),
    "a solver that reached its limit": (
        "ConvergenceWarning: lbfgs failed to converge (status=1): STOP: TOTAL NO. OF ITERATIONS REACHED LIMIT.",
        "accuracy 0.91",
    ),
    "a gain that is infinite": (
        "[LightGBM] [Warning] No further splits with positive gain, best gain: -inf",
        "[10] valid's l2: 0.2",
        "[20] valid's l2: 0.19",
        "[30] valid's l2: 0.18",
    ),
    "no errors": (
        "validating 9000 rows: 0 errors, 0 failed",
        "train rows 8000",
        *STEPS[0:4],
    ),
    "checks that passed": (
        "ran 31 checks, failures: 0, errors: 0",
        *STEPS[0:4],
    ),
    "text that was generated": (
        "step 10 loss 2.1",
        "sample: the function raises ValueError: invalid literal when",
        "step 20 loss 2.0",
        "sample: fatal error in kernel: panic",
        "step 30 loss 1.9",
    ),
    "metrics called errors": (
        "Mean Squared Error: 0.21",
        "Mean Absolute Error: 0.11",
        "Max Error: 0.9",
    ),
    "a connection that came back": (
        *STEPS[0:2],
        "connection to tracking server lost, reconnecting",
        "reconnected after 3 s",
        *STEPS[2:5],
    ),
    "a lock that was waited for": (
        "waiting for lock /data/cache.lock held by pid 31",
        "lock acquired after 12 s",
        *STEPS[0:4],
    ),
    "a disk that is nearly full": (
        "WARNING only 3 GB left on /scratch",
        *STEPS[0:4],
    ),
    "early stopping that says so": (
        "epoch 5 val 0.31",
        "EarlyStopping: no improvement for 5 epochs, stopping",
        "best epoch 3, val 0.30",
    ),
    "a gradient that was clipped": (
        *STEPS[0:3],
        "WARNING gradient norm 1e4 clipped to 1.0",
        *STEPS[3:6],
    ),
    "lines of a table that were skipped": (
        "pandas: Skipping line 31: expected 5 fields, saw 6",
        "read 3000 rows",
        *STEPS[0:4],
    ),
    "no GPU": (
        "CUDA not available, using CPU",
        "CUDA error checking disabled",
        *STEPS[0:4],
    ),
    "no checkpoint to begin with": (
        "no checkpoint found in out/, starting from scratch",
        *STEPS[0:4],
    ),
    "an exception that was handled": (
        "handled exception in worker 3, restarting it",
        *STEPS[0:4],
    ),
    "no divergences": (
        "Sampling 4 chains for 1_000 tune and 1_000 draw iterations (4_000 + 4_000 draws total) took 12 seconds.",
        "r_hat max 1.00, 0 divergences, ess min 1900",
    ),
    "a probe before the start": (
        "Readiness probe failed: connection refused (startup)",
        *STEPS[0:5],
    ),
    "episodes that were aborted": (
        "episode 1 reward -31.0 aborted=0 crashed=1",
        "episode 2 reward -20.0 aborted=0 crashed=0",
        "episode 3 reward -12.0 aborted=1 crashed=0",
    ),
    "a rate of failure": (
        "task success 0.71 failure 0.29",
        "task success 0.80 failure 0.20",
        "task success 0.82 failure 0.18",
        "final failure rate: 0.18",
    ),
    "starts that Stan rejected": (
        "Chain 1: Rejecting initial value:",
        "Chain 1:   Log probability evaluates to log(0), i.e. negative infinity.",
        "Chain 1:   Stan can't start sampling from this initial value.",
        "Chain 1: Iteration:    1 / 2000 [  0%]  (Warmup)",
        "Chain 1: Iteration: 1000 / 2000 [ 50%]  (Warmup)",
        "Chain 1: Iteration: 2000 / 2000 [100%]  (Sampling)",
    ),
}


@pytest.mark.parametrize("name", HEALTHY)
def test_words_of_failures_in_a_run_that_went_on_are_no_failure(name: str) -> None:
    log = "".join(f"{line}\n" for line in HEALTHY[name])
    result = scan(io.BytesIO(log.encode()), exit_code=0, ended_by="exit")
    assert result.outcome == "healthy", result.findings
