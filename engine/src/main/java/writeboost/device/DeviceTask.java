package writeboost.device;

/** What the threads of a device can be asked to do. */
sealed interface DeviceTask permits Request, Extents, Prefetch {}
