package writeboost.layout;

import java.lang.foreign.MemorySegment;
import java.util.HexFormat;

/** Bytes written down by hand. */
final class Hex {
  private Hex() {}

  /** Puts the bytes, as a hex dump shows them, at {@code offset}. */
  static void put(MemorySegment memory, long offset, String dump) {
    byte[] bytes = HexFormat.of().parseHex(dump.replaceAll("\\s", ""));
    MemorySegment.copy(MemorySegment.ofArray(bytes), 0, memory, offset, bytes.length);
  }

  static MemorySegment block() {
    return MemorySegment.ofArray(new byte[4096]);
  }
}
