"""On the device: networks in the formats of phones' runtimes, and how fast they run there."""
