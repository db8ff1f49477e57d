package writeboost.kernel;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import writeboost.device.BlockDevice;
import writeboost.device.Blocking;
import writeboost.device.MemoryDevice;

/** All that a device holds. */
final class Contents {

  private static final int PIECE = 1 << 20;

  private Contents() {}

  static String sha256(BlockDevice device) throws IOException {
    MessageDigest digest;
    try {
      digest = MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
    try (Arena arena = Arena.ofShared()) {
      MemorySegment piece = arena.allocate(PIECE);
      for (long at = 0; at < device.size(); at += PIECE) {
        long length = Math.min(PIECE, device.size() - at);
        new Blocking(device, "device").read(at, piece, 0, length);
        digest.update(piece.asSlice(0, length).asByteBuffer());
      }
    }
    return HexFormat.of().formatHex(digest.digest());
  }

  static byte[] read(BlockDevice device) throws IOException {
    byte[] bytes = new byte[(int) device.size()];
    try (Arena arena = Arena.ofShared()) {
      MemorySegment all = arena.allocate(bytes.length);
      new Blocking(device, "device").read(0, all);
      MemorySegment.ofArray(bytes).copyFrom(all);
    }
    return bytes;
  }

  static BlockDevice of(byte[] bytes) throws IOException {
    BlockDevice device = new MemoryDevice(bytes.length);
    write(device, 0, bytes);
    return device;
  }

  static void write(BlockDevice device, long offset, byte[] bytes) throws IOException {
    try (Arena arena = Arena.ofShared()) {
      MemorySegment all = arena.allocate(bytes.length);
      all.copyFrom(MemorySegment.ofArray(bytes));
      new Blocking(device, "device").write(offset, all);
    }
  }
}
