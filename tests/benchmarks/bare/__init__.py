"""A bare Django site beside the portal, in the same process: the floor of `bench_pages`."""
