package writeboost.nbd;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;

/**
 * Sends what {@link Traffic} has, on a thread of its own: a server that takes nothing holds up
 * nobody else. What waits is copied together and goes out in one write.
 */
final class Sender {

  private static final int STAGING_BYTES = 512 << 10;

  private final Traffic traffic;
  private final Part[] batch = new Part[64];
  private final MemorySegment staging;
  private final ByteBuffer bytes;

  private Sender(Traffic traffic, Arena arena) {
    this.traffic = traffic;
    staging = arena.allocate(STAGING_BYTES, 4096);
    bytes = staging.asByteBuffer();
  }

  /** Until the device is closed. */
  static void run(Traffic traffic) {
    try (Arena arena = Arena.ofConfined()) {
      new Sender(traffic, arena).send();
    }
  }

  private void send() {
    int count = traffic.take(batch);
    while (count > 0) {
      Link link = traffic.sendingOn();
      try {
        bytes.clear();
        for (int i = 0; i < count; i++) {
          stage(link, batch[i]);
        }
        drain(link);
      } catch (IOException e) {
        link.sendFailed(e);
      }
      count = traffic.take(batch);
    }
  }

  private void stage(Link link, Part part) throws IOException {
    if (bytes.remaining() < Protocol.REQUEST_BYTES) {
      drain(link);
    }
    bytes.putInt(Protocol.REQUEST_MAGIC);
    bytes.putShort((short) part.flags).putShort((short) part.command);
    bytes.putLong(part.cookie()).putLong(part.offset).putInt((int) part.length);
    if (part.hasPayload()) {
      stagePayload(link, part);
    }
    part.copied = true;
  }

  private void stagePayload(Link link, Part part) throws IOException {
    long done = 0;
    while (done < part.length) {
      if (!bytes.hasRemaining()) {
        drain(link);
      }
      int piece = (int) Math.min(bytes.remaining(), part.length - done);
      if (part.zeroes) {
        staging.asSlice(bytes.position(), piece).fill((byte) 0);
      } else {
        MemorySegment.copy(part.memory(), part.dataOffset + done, staging, bytes.position(), piece);
      }
      bytes.position(bytes.position() + piece);
      done += piece;
    }
  }

  private void drain(Link link) throws IOException {
    bytes.flip();
    link.write(bytes);
    bytes.clear();
  }
}
