package writeboost.nbd;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;

/**
 * Sends what {@link Traffic} has. What is little goes out at once, on the thread that submits it:
 * to wake another would take longer. For the rest there is a thread, so that a server that takes
 * nothing holds up nobody else. What waits is copied together and goes out in one write.
 */
final class Sender {

  private static final int STAGING_BYTES = 512 << 10;

  private final Traffic traffic;

  // Of whoever has taken a batch and has not sent it.
  private final Part[] batch = new Part[64];
  private final MemorySegment staging = Arena.ofAuto().allocate(STAGING_BYTES, 4096);
  private final ByteBuffer bytes = staging.asByteBuffer();

  Sender(Traffic traffic) {
    this.traffic = traffic;
  }

  /** The sender's own thread, until the device is closed. */
  void run() {
    int count = traffic.take(batch);
    while (count > 0) {
      send(count);
      count = traffic.take(batch);
    }
  }

  /** Any thread but the one that receives; does not wait for the server. */
  void sendLittle() {
    int count = traffic.takeLittle(batch);
    if (count > 0) {
      send(count);
    }
  }

  private void send(int count) {
    Link link = traffic.sendingOn();
    try {
      bytes.clear();
      for (int i = 0; i < count; i++) {
        stage(link, batch[i]);
      }
      drain(link);
    } catch (IOException e) {
      link.sendFailed(e);
    } finally {
      traffic.sent();
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
