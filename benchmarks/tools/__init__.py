"""What measures the benchmarks, one file a job, and what several of them share."""
