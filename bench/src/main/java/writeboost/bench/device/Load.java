package writeboost.bench.device;

import writeboost.device.Operation;

/** What is asked of a device, over and over. */
enum Load {
  READ_1("4 KiB random reads, depth 1", Operation.READ, 4 << 10, 1, false),
  READ_8("4 KiB random reads, depth 8", Operation.READ, 4 << 10, 8, false),
  READ_32("4 KiB random reads, depth 32", Operation.READ, 4 << 10, 32, false),
  SMALL_WRITE_8("4 KiB random writes, depth 8", Operation.WRITE, 4 << 10, 8, false),
  SMALL_WRITE_32("4 KiB random writes, depth 32", Operation.WRITE, 4 << 10, 32, false),
  WRITE_1("512 KiB writes, depth 1", Operation.WRITE, 512 << 10, 1, false),
  WRITE_4("512 KiB writes, depth 4", Operation.WRITE, 512 << 10, 4, false),
  SYNC_1("8 KiB write + flush, depth 1", Operation.WRITE, 8 << 10, 1, true);

  /** Requests of this size go to random places, larger ones to one after the other. */
  private static final int RANDOM_BYTES = 4 << 10;

  final String title;
  final Operation operation;
  final int bytes;

  /** How many are in flight. */
  final int depth;

  /** Each is followed by a FLUSH, which the completion of the write submits, and ends with it. */
  final boolean flushed;

  Load(String title, Operation operation, int bytes, int depth, boolean flushed) {
    this.title = title;
    this.operation = operation;
    this.bytes = bytes;
    this.depth = depth;
    this.flushed = flushed;
  }

  boolean random() {
    return bytes == RANDOM_BYTES;
  }
}
