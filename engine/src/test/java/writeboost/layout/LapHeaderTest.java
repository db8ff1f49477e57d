package writeboost.layout;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Random;
import org.junit.jupiter.api.Test;

final class LapHeaderTest {

  /** 74 slots of order 10: segment 300 is in slot 3, in the fifth lap. */
  private static final Geometry GEOMETRY = new Geometry(10, (1 << 20) + 74L * (512 << 10));

  private static final int SLOT = 3;

  /** Typed from the picture of 2013. */
  private static MemorySegment golden() {
    MemorySegment header = Hex.block();
    Hex.put(
        header,
        0,
        """
        2c 01 00 00 00 00 00 00  02  05 00 00 00
        40 1f 00 00 00 00 00 00  ff  05 00 00 00
        d8 bc 9a 78 56 34 12 00  81  05 00 00 00
        """);
    return header;
  }

  /** The last of 255 metablocks, and the first one that lies in two sectors. */
  private static MemorySegment goldenPlaces() {
    MemorySegment header = Hex.block();
    Hex.put(header, 0, "ff ff ff ff ff ff ff 7f  ff  04 03 02 01");
    Hex.put(header, 507, "08 00 00 00 00  00 00 00 01  04 03 02 01");
    Hex.put(header, 3315, "10 00 00 00 00 00 00 00  80  04 03 02 01");
    return header;
  }

  @Test
  void writesTheBytesOfThePicture() {
    MemorySegment memory = MemorySegment.ofArray(new byte[3 * 4096]).fill((byte) 0x55);
    LapHeader.clear(memory, 4096);
    LapHeader.encodeMetablock(memory, 4096, 0, 8000, 0xFF, 5);
    LapHeader.encodeMetablock(memory, 4096, 1, 0x00123456789ABCD8L, 0x81, 5);
    LapHeader.encode(memory, 4096, 300, 2, GEOMETRY.lap(300));
    assertThat(memory.asSlice(4096, 4096).mismatch(golden())).isEqualTo(-1);
    assertThat(memory.get(ValueLayout.JAVA_BYTE, 4095)).isEqualTo((byte) 0x55);
    assertThat(memory.get(ValueLayout.JAVA_BYTE, 8192)).isEqualTo((byte) 0x55);
  }

  @Test
  void writesEveryMetablockAtItsPlace() {
    MemorySegment header = Hex.block();
    LapHeader.encode(header, 0, Long.MAX_VALUE, 255, 0x5_0102_0304L);
    LapHeader.encodeMetablock(header, 0, 38, 8, 1, 0x5_0102_0304L);
    LapHeader.encodeMetablock(header, 0, 254, 16, 0x80, 0x5_0102_0304L);
    assertThat(header.mismatch(goldenPlaces())).isEqualTo(-1);
  }

  @Test
  void readsTheBytesOfThePicture() {
    LapHeaderView view = new LapHeaderView().over(golden(), 0);
    assertThat(view.id()).isEqualTo(300);
    assertThat(view.length()).isEqualTo(2);
    assertThat(view.lap()).isEqualTo(5);
    assertThat(view.sector(0)).isEqualTo(8000);
    assertThat(view.mask(0)).isEqualTo(0xFF);
    assertThat(view.sector(1)).isEqualTo(0x00123456789ABCD8L);
    assertThat(view.mask(1)).isEqualTo(0x81);
    assertThat(view.isWhole(GEOMETRY, SLOT)).isTrue();
    assertThat(view.isWhole(GEOMETRY, SLOT + 1)).isFalse();
    view.over(goldenPlaces(), 0);
    assertThat(view.length()).isEqualTo(255);
    assertThat(view.sector(38)).isEqualTo(8);
    assertThat(view.mask(254)).isEqualTo(0x80);
    assertThat(view.lap(254)).isEqualTo(0x01020304);
  }

  @Test
  void anotherLapInOneMetablockIsATear() {
    for (int i = 0; i < 2; i++) {
      for (int other : new int[] {0, 4, 6, 0x105, 0x05000005}) {
        MemorySegment header = golden();
        header.set(ValueLayout.JAVA_INT_UNALIGNED, 13 + 13 * i + 9, other);
        assertThat(new LapHeaderView().over(header, 0).isWhole(GEOMETRY, SLOT)).isFalse();
      }
    }
    MemorySegment behind = golden();
    Hex.put(behind, 13 + 13 * 2, "08 00 00 00 00 00 00 00 ff 04 00 00 00");
    assertThat(new LapHeaderView().over(behind, 0).isWhole(GEOMETRY, SLOT)).isTrue();
  }

  @Test
  void aLapThatIsNotTheIdsIsNoSegment() {
    MemorySegment header = golden();
    for (int at : new int[] {9, 22, 35}) {
      header.set(ValueLayout.JAVA_BYTE, at, (byte) 6);
    }
    LapHeaderView view = new LapHeaderView().over(header, 0);
    assertThat(view.lapsAgree()).isTrue();
    assertThat(view.isWhole(GEOMETRY, SLOT)).isFalse();
  }

  /** Any part of a whole header over zeroes, or over that of an earlier lap, is seen as torn. */
  @Test
  void everyTearAtASectorIsSeen() {
    Geometry geometry = new Geometry(11, (1 << 20) + 3L * (512 << 11));
    Random random = new Random(1);
    for (int run = 0; run < 500; run++) {
      long id = 4 + 3L * random.nextInt(1000);
      MemorySegment written = segment(geometry, random, id, 1 + random.nextInt(255));
      MemorySegment before = segment(geometry, random, id - 3, random.nextInt(256));
      MemorySegment torn = (run % 2 == 0 ? Hex.block() : before).asSlice(0);
      long end = 13 + 13L * new LapHeaderView().over(written, 0).length();
      int parts = 1 + random.nextInt(254);
      boolean whole = true;
      for (int sector = 0; sector < 8; sector++) {
        if ((parts >> sector & 1) != 0) {
          MemorySegment.copy(written, sector * 512L, torn, sector * 512L, 512);
        } else {
          whole &= sector * 512L >= end;
        }
      }
      LapHeaderView view = new LapHeaderView().over(torn, 0);
      boolean taken = view.isWhole(geometry, geometry.slot(id)) && view.id() == id;
      boolean same = torn.asSlice(0, end).mismatch(written.asSlice(0, end)) < 0;
      assertThat(taken).as("run %d", run).isEqualTo(same);
      assertThat(whole && !same).isFalse();
    }
  }

  private static MemorySegment segment(Geometry geometry, Random random, long id, int length) {
    MemorySegment header = Hex.block();
    LapHeader.encode(header, 0, id, length, geometry.lap(id));
    for (int i = 0; i < length; i++) {
      long sector = 8L * random.nextInt();
      LapHeader.encodeMetablock(header, 0, i, sector, random.nextInt(256), geometry.lap(id));
    }
    return header;
  }
}
