package writeboost.cli.endtoend;

import java.nio.ByteBuffer;
import java.nio.LongBuffer;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.CompletableFuture;

/**
 * What tests write: every sector says where it belongs and which version it is. Version 0 is a
 * sector of zeroes.
 */
final class Sectors {

  static final int BYTES = 512;
  static final int PER_BLOCK = 8;

  private static final int LONGS = BYTES / Long.BYTES;
  private static final int READ_BYTES = 1 << 20;
  private static final int READS_IN_FLIGHT = 8;

  private Sectors() {}

  static byte[] filled(long firstSector, int count, int version) {
    byte[] data = new byte[count * BYTES];
    if (version == 0) {
      return data;
    }
    LongBuffer longs = ByteBuffer.wrap(data).asLongBuffer();
    for (int i = 0; i < count; i++) {
      long sector = firstSector + i;
      longs.put(sector).put(version);
      for (int j = 2; j < LONGS; j++) {
        longs.put(filler(sector, version, j));
      }
    }
    return data;
  }

  /** The version of one sector; fails if it is damaged or belongs somewhere else. */
  static int version(byte[] data, int at, long sector) {
    ByteBuffer bytes = ByteBuffer.wrap(data, at, BYTES);
    long where = bytes.getLong();
    int version = (int) bytes.getLong();
    boolean whole = version == 0 ? where == 0 : where == sector;
    for (int j = 2; j < LONGS; j++) {
      whole &= bytes.getLong() == (version == 0 ? 0 : filler(sector, version, j));
    }
    if (!whole) {
      throw new AssertionError(
          "sector %d holds a mixture: sector %d, version %d".formatted(sector, where, version));
    }
    return version;
  }

  /** The versions of all sectors. */
  static int[] versions(NbdClient client) throws Exception {
    int[] versions = new int[Math.toIntExact(client.size() / BYTES)];
    Deque<CompletableFuture<byte[]>> reads = new ArrayDeque<>();
    long asked = 0;
    for (int sector = 0; sector < versions.length; ) {
      while (asked < client.size() && reads.size() < READS_IN_FLIGHT) {
        int length = (int) Math.min(READ_BYTES, client.size() - asked);
        reads.add(client.read(asked, length));
        asked += length;
      }
      byte[] data = NbdClient.await(reads.remove());
      for (int at = 0; at < data.length; at += BYTES) {
        versions[sector] = version(data, at, sector);
        sector++;
      }
    }
    return versions;
  }

  private static long filler(long sector, int version, int index) {
    long mixed = sector * 0x9E3779B97F4A7C15L + ((long) version << 8) + index;
    mixed = (mixed ^ (mixed >>> 29)) * 0xBF58476D1CE4E5B9L;
    return mixed ^ (mixed >>> 32);
  }
}
