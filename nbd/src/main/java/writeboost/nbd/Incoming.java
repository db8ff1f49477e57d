package writeboost.nbd;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;

/** What has come from a server and was not looked at. One thread. */
final class Incoming {

  private static final int BYTES = 512 << 10;

  private final MemorySegment memory;

  /** Between position and limit is what was received. */
  private final ByteBuffer bytes;

  /**
   * @param arena of its thread
   */
  Incoming(Arena arena) {
    memory = arena.allocate(BYTES, 4096);
    bytes = memory.asByteBuffer();
  }

  void clear() {
    bytes.clear().limit(0);
  }

  /** Waits until {@code wanted} bytes are there; a few, which always have room. */
  void await(Link link, int wanted) throws IOException {
    while (bytes.remaining() < wanted) {
      bytes.compact();
      try {
        link.read(bytes);
      } finally {
        bytes.flip();
      }
    }
  }

  short getShort() {
    return bytes.getShort();
  }

  int getInt() {
    return bytes.getInt();
  }

  long getLong() {
    return bytes.getLong();
  }

  void moveTo(Link link, MemorySegment target, long offset, long length) throws IOException {
    long done = 0;
    while (done < length) {
      await(link, 1);
      int piece = (int) Math.min(bytes.remaining(), length - done);
      MemorySegment.copy(memory, bytes.position(), target, offset + done, piece);
      bytes.position(bytes.position() + piece);
      done += piece;
    }
  }

  void skip(Link link, long length) throws IOException {
    long left = length;
    while (left > 0) {
      await(link, 1);
      int piece = (int) Math.min(bytes.remaining(), left);
      bytes.position(bytes.position() + piece);
      left -= piece;
    }
  }

  /** The next {@code length} bytes, which are few. */
  byte[] text(Link link, int length) throws IOException {
    await(link, length);
    byte[] text = new byte[length];
    bytes.get(text);
    return text;
  }
}
