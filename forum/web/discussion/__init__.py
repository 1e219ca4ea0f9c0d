"""Pages of threads and contributions."""
