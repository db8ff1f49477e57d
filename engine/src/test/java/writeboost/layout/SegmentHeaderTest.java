package writeboost.layout;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Random;
import org.junit.jupiter.api.Test;

final class SegmentHeaderTest {
  private static final long UUID_HIGH = 0x0011223344556677L;
  private static final long UUID_LOW = 0x8899AABBCCDDEEFFL;
  private static final long SECTOR_0 = 8000;
  private static final long SECTOR_1 = 0x00123456789ABCD8L;

  /** Written by hand from the picture; the CRCs come from a program of its own. */
  private static MemorySegment golden() {
    MemorySegment header = Hex.block();
    Hex.put(
        header,
        0,
        """
        2c 01 00 00 00 00 00 00  1e 94 74 9a  02 00 00 00  57 42 6a 61 76 61 53 47
        00 11 22 33 44 55 66 77 88 99 aa bb cc dd ee ff    07 00 00 00  01 00 00 00
        2b 01 00 00 00 00 00 00  7f 00 00 00  b4 4a 32 f2
        """);
    Hex.put(
        header,
        508,
        """
        13 b8 94 6d
        40 1f 00 00 00 00 00 00  ff 00 00 00  41 d8 82 ae
        d8 bc 9a 78 56 34 12 00  81 80 01 00  e4 8a fe a5
        """);
    return header;
  }

  private static int dataCrc0() {
    return crcOfRamp(7, 0);
  }

  private static int dataCrc1() {
    return crcOfRamp(13, 1);
  }

  private static int dataCrc() {
    return Crc32c.combineBlock(dataCrc0(), dataCrc1());
  }

  @Test
  void writesTheBytesOfThePicture() {
    MemorySegment memory = MemorySegment.ofArray(new byte[3 * 4096]).fill((byte) 0x55);
    long at = 4096;
    SegmentHeader.clear(memory, at);
    SegmentHeader.encodeMetablock(memory, at, 0, SECTOR_0, 0xFF, false, false, 0);
    SegmentHeader.encodeMetablock(memory, at, 1, SECTOR_1, 0x81, false, false, 1);
    SegmentHeader.markGroupEnd(memory, at, 1);
    freeze(memory, at, 0, dataCrc0());
    freeze(memory, at, 1, dataCrc1());
    SegmentHeader.seal(memory, at, 300, 2, UUID_HIGH, UUID_LOW, 7, true, 299, 127, dataCrc());
    assertThat(memory.asSlice(at, 4096).mismatch(golden())).isEqualTo(-1);
    assertThat(memory.get(ValueLayout.JAVA_BYTE, at - 1)).isEqualTo((byte) 0x55);
    assertThat(memory.get(ValueLayout.JAVA_BYTE, at + 4096)).isEqualTo((byte) 0x55);
  }

  @Test
  void readsTheBytesOfThePicture() {
    SegmentHeaderView view = new SegmentHeaderView().over(golden(), 0);
    assertThat(view.isOurs(UUID_HIGH, UUID_LOW)).isTrue();
    assertThat(view.isOurs(UUID_HIGH, UUID_LOW + 1)).isFalse();
    assertThat(view.id()).isEqualTo(300);
    assertThat(view.length()).isEqualTo(2);
    assertThat(view.incarnation()).isEqualTo(7);
    assertThat(view.closed()).isTrue();
    assertThat(view.durableId()).isEqualTo(299);
    assertThat(view.durableLines()).isEqualTo(127);
    assertThat(view.metablocksOk()).isTrue();
    assertThat(view.checksumOk(dataCrc())).isTrue();
    assertThat(view.checksumOk(dataCrc() + 1)).isFalse();
    assertThat(view.sector(0)).isEqualTo(SECTOR_0);
    assertThat(view.mask(0)).isEqualTo(0xFF);
    assertThat(view.groupEnd(0)).isFalse();
    assertThat(view.lost(0)).isZero();
    assertThat(view.sector(1)).isEqualTo(SECTOR_1);
    assertThat(view.mask(1)).isEqualTo(0x81);
    assertThat(view.groupEnd(1)).isTrue();
    assertThat(view.zeroRun(1)).isFalse();
    assertThat(view.lost(1)).isEqualTo(1);
    assertThat(view.lineOk(0, dataCrc0())).isTrue();
    assertThat(view.lineOk(1, dataCrc1())).isTrue();
    assertThat(view.lineOk(1, dataCrc0())).isFalse();
    assertThat(view.dataCrc(0)).isEqualTo(dataCrc0());
    assertThat(view.dataCrc(1)).isEqualTo(dataCrc1());
  }

  @Test
  void anEmptySegmentHasTheChecksumThatTheKernelModuleGivesIt() {
    MemorySegment header = Hex.block().fill((byte) 0x55);
    SegmentHeader.encodeEmpty(header, 0, 9, UUID_HIGH, UUID_LOW, 3, 8, 5);
    SegmentHeaderView view = new SegmentHeaderView().over(header, 0);
    assertThat(view.checksum()).isEqualTo(0x0890BE15);
    assertThat(view.isOurs(UUID_HIGH, UUID_LOW)).isTrue();
    assertThat(view.closed()).isTrue();
    assertThat(view.length()).isZero();
    assertThat(view.metablocksOk()).isTrue();
    assertThat(Bytes.areZero(header, 512, 4096)).isTrue();
  }

  /** A line is good at one place of one generation of one cache only. */
  @Test
  void theLineCrcCoversAllThatIdentifiesTheLine() {
    MemorySegment header = golden();
    int good = lineCrc(UUID_HIGH, UUID_LOW, 7, 300, 1, header, dataCrc1());
    assertThat(good).isEqualTo(0xA5FE8AE4);
    assertThat(lineCrc(UUID_HIGH ^ 1, UUID_LOW, 7, 300, 1, header, dataCrc1())).isNotEqualTo(good);
    assertThat(lineCrc(UUID_HIGH, UUID_LOW ^ 1, 7, 300, 1, header, dataCrc1())).isNotEqualTo(good);
    assertThat(lineCrc(UUID_HIGH, UUID_LOW, 8, 300, 1, header, dataCrc1())).isNotEqualTo(good);
    assertThat(lineCrc(UUID_HIGH, UUID_LOW, 7, 301, 1, header, dataCrc1())).isNotEqualTo(good);
    assertThat(lineCrc(UUID_HIGH, UUID_LOW, 7, 300, 1, header, dataCrc1() ^ 1)).isNotEqualTo(good);
    MemorySegment.copy(header, 512 + 16, header, 512 + 2 * 16, 12);
    assertThat(lineCrc(UUID_HIGH, UUID_LOW, 7, 300, 2, header, dataCrc1())).isNotEqualTo(good);
    for (int at = 0; at < 12; at++) {
      MemorySegment changed = golden();
      changed.set(ValueLayout.JAVA_BYTE, 512 + 16 + at, (byte) 0x5A);
      assertThat(lineCrc(UUID_HIGH, UUID_LOW, 7, 300, 1, changed, dataCrc1()))
          .as("byte %d", at)
          .isNotEqualTo(good);
    }
  }

  @Test
  void aZeroRunKeepsItsLength() {
    MemorySegment header = Hex.block();
    SegmentHeader.encodeMetablock(header, 0, 126, 16, 255, true, true, 0xFFFF);
    SegmentHeaderView view = new SegmentHeaderView().over(header, 0);
    assertThat(view.zeroRun(126)).isTrue();
    assertThat(view.groupEnd(126)).isTrue();
    assertThat(view.runBlocks(126)).isEqualTo(65_536);
    assertThat(Bytes.areZero(header, 2544, 4096)).isTrue();
  }

  @Test
  void aHeaderWithoutOurExtensionIsReadAsTheKernelModulesIs() {
    MemorySegment header = Hex.block();
    Hex.put(header, 0, "0c 00 00 00 00 00 00 00  15 be 90 08  00");
    SegmentHeaderView view = new SegmentHeaderView().over(header, 0);
    assertThat(view.hasExtension()).isFalse();
    assertThat(view.isOurs(0, 0)).isFalse();
    assertThat(view.id()).isEqualTo(12);
    assertThat(view.checksumOk(0)).isTrue();
  }

  @Test
  void anyFlippedBitOfSectorOrMetablocksIsSeen() {
    for (int bit = 0; bit < (512 + 32) * 8; bit++) {
      MemorySegment header = golden();
      byte was = header.get(ValueLayout.JAVA_BYTE, bit / 8);
      header.set(ValueLayout.JAVA_BYTE, bit / 8, (byte) (was ^ 1 << bit % 8));
      SegmentHeaderView view = new SegmentHeaderView().over(header, 0);
      assertThat(view.isOurs(UUID_HIGH, UUID_LOW)).as("bit %d", bit).isEqualTo(bit >= 512 * 8);
      if (bit >= 512 * 8) {
        assertThat(view.metablocksOk()).as("bit %d", bit).isFalse();
      }
    }
  }

  @Test
  void anyBytesCanBeLookedAt() {
    SegmentHeaderView view = new SegmentHeaderView();
    byte[] bytes = new byte[4096];
    for (int seed = 0; seed < 2000; seed++) {
      new Random(seed).nextBytes(bytes);
      MemorySegment header = MemorySegment.ofArray(bytes);
      if (seed % 2 == 0) {
        Hex.put(header, 16, "57 42 6a 61 76 61 53 47");
      }
      view.over(header, 0);
      assertThat(view.isOurs(view.id(), view.id())).as("seed %d", seed).isFalse();
      assertThat(view.sectorOk()).as("seed %d", seed).isFalse();
      assertThat(view.metablocksOk()).as("seed %d", seed).isFalse();
      assertThat(view.checksumOk(seed)).as("seed %d", seed).isFalse();
      for (int i = 0; i < 127; i++) {
        assertThat(view.mask(i) | view.lost(i)).isBetween(0, 255);
        assertThat(view.runBlocks(i)).isBetween(1, 65_536);
      }
    }
  }

  private static int lineCrc(
      long high, long low, int incarnation, long id, int i, MemorySegment header, int dataCrc) {
    return SegmentHeader.lineCrc(high, low, incarnation, id, i, header, 0, dataCrc);
  }

  private static void freeze(MemorySegment memory, long at, int i, int dataCrc) {
    int crc = SegmentHeader.lineCrc(UUID_HIGH, UUID_LOW, 7, 300, i, memory, at, dataCrc);
    SegmentHeader.setLineCrc(memory, at, i, crc);
  }

  /** The line whose byte k is factor * k + start. */
  private static int crcOfRamp(int factor, int start) {
    byte[] line = new byte[4096];
    for (int k = 0; k < line.length; k++) {
      line[k] = (byte) (factor * k + start);
    }
    return Crc32c.of(MemorySegment.ofArray(line), 0, line.length);
  }
}
