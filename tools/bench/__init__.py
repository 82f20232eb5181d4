"""The benchmark: what a request costs here, beside what it costs elsewhere."""
