"""The Temporary Code: read out by Client Services, for getting back in without a device."""
