package writeboost.layout;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;

/**
 * Every checksum of layout v2, against the JDK's CRC-32C over bytes put together by hand: what the
 * format's description says, without the code that writes it.
 */
final class ChecksumVectorsTest {
  private static final String UUID = "00112233445566778899aabbccddeeff";
  private static final long UUID_HIGH = 0x0011223344556677L;
  private static final long UUID_LOW = 0x8899AABBCCDDEEFFL;

  /** A zero run of 65,536 blocks from block 2 on, that ends its group. */
  private static final String ZERO_RUN = "1000000000000000 ff 81 ffff";

  /** Block 1 with two sectors, one of them lost. */
  private static final String LOST = "0800000000000000 03 00 0200";

  private static byte[] bytes(String dump) {
    return HexFormat.of().parseHex(dump.replaceAll("\\s", ""));
  }

  private static int crc(byte[]... parts) {
    CRC32C crc = new CRC32C();
    Arrays.stream(parts).forEach(crc::update);
    return (int) crc.getValue();
  }

  /** Line CRC: UUID, incarnation 7, id 300, i, bytes 0 .. 11 of the metablock, the 4 KiB. */
  private static int lineCrc(String i, String metablock, byte[] line) {
    return crc(bytes(UUID), bytes("07000000 2c01000000000000"), bytes(i), bytes(metablock), line);
  }

  private static byte[] line(int content) {
    byte[] line = new byte[4096];
    Arrays.fill(line, (byte) content);
    return line;
  }

  @Test
  void theEmptySegmentHasTheKnownChecksum() {
    assertThat(crc(new byte[3584])).isEqualTo(0x0890BE15);
  }

  @Test
  void aSegmentWithAZeroRunAndALostSector() {
    byte[] first = line(0xA5);
    byte[] second = line(0);
    MemorySegment golden = Hex.block();
    Hex.put(
        golden, 0, "2c 01 00 00 00 00 00 00  00 00 00 00  02 00 00 00  57426a6176615347" + UUID);
    Hex.put(golden, 40, "07 00 00 00  00 00 00 00  2a 00 00 00 00 00 00 00  05 00 00 00");
    Hex.put(golden, 512, LOST);
    golden.set(SegmentHeader.INT, 524, lineCrc("00000000", LOST, first));
    Hex.put(golden, 528, ZERO_RUN);
    golden.set(SegmentHeader.INT, 540, lineCrc("01000000", ZERO_RUN, second));
    byte[] all = golden.toArray(ValueLayout.JAVA_BYTE);
    golden.set(SegmentHeader.INT, 8, crc(Arrays.copyOfRange(all, 512, 4096), first, second));
    golden.set(SegmentHeader.INT, 60, crc(Arrays.copyOfRange(all, 512, 544)));
    all = golden.toArray(ValueLayout.JAVA_BYTE);
    golden.set(SegmentHeader.INT, 508, crc(Arrays.copyOf(all, 508)));

    MemorySegment header = Hex.block();
    SegmentHeader.encodeMetablock(header, 0, 0, 8, 3, false, false, 2);
    SegmentHeader.encodeMetablock(header, 0, 1, 16, 0xFF, true, true, 65_535);
    for (int i = 0; i < 2; i++) {
      int dataCrc = crc(i == 0 ? first : second);
      int lineCrc = SegmentHeader.lineCrc(UUID_HIGH, UUID_LOW, 7, 300, i, header, 0, dataCrc);
      SegmentHeader.setLineCrc(header, 0, i, lineCrc);
    }
    int dataCrc = crc(first, second);
    SegmentHeader.seal(header, 0, 300, 2, UUID_HIGH, UUID_LOW, 7, false, 42, 5, dataCrc);
    assertThat(header.mismatch(golden)).isEqualTo(-1);

    SegmentHeaderView view = new SegmentHeaderView().over(golden, 0);
    assertThat(view.isOurs(UUID_HIGH, UUID_LOW)).isTrue();
    assertThat(view.checksumOk(dataCrc)).isTrue();
    assertThat(view.metablocksOk()).isTrue();
    assertThat(view.closed()).isFalse();
    assertThat(view.lost(0)).isEqualTo(2);
    assertThat(view.zeroRun(0)).isFalse();
    assertThat(view.zeroRun(1)).isTrue();
    assertThat(view.groupEnd(1)).isTrue();
    assertThat(view.runBlocks(1)).isEqualTo(65_536);
    assertThat(view.lineOk(0, crc(first))).isTrue();
    assertThat(view.lineOk(1, crc(second))).isTrue();
  }

  @Test
  void superblockAndRecord() {
    MemorySegment block = Hex.block();
    Superblock.create(new Geometry(10, 64 << 20), new java.util.UUID(1, 2), 1 << 30, 3, 4)
        .encode(block);
    byte[] all = block.toArray(ValueLayout.JAVA_BYTE);
    assertThat(block.get(SegmentHeader.INT, 508)).isEqualTo(crc(Arrays.copyOf(all, 508)));
    RecordSector.encode(block, 0x2A);
    assertThat(block.get(SegmentHeader.INT, 3600))
        .isEqualTo(crc(bytes("2a00000000000000 57426a6176615243")));
  }
}
