package writeboost.device;

/** A range that will be read soon, in bytes from the start of the device. */
record Prefetch(long offset, long length) implements DeviceTask {}
