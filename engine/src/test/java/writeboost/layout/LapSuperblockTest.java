package writeboost.layout;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.Test;

final class LapSuperblockTest {

  @Test
  void isTheMagicAndTheOrder() throws Exception {
    MemorySegment golden = Hex.block();
    Hex.put(golden, 0, "74 73 42 57  0b");
    MemorySegment block = Hex.block().fill((byte) 0x55);
    new LapSuperblock(11).encode(block);
    assertThat(block.mismatch(golden)).isEqualTo(-1);
    assertThat(LapSuperblock.decode(golden)).isEqualTo(new LapSuperblock(11));
  }

  @Test
  void whatTheModuleLeftBehindSectorZeroDoesNotMatter() throws Exception {
    MemorySegment block = Hex.block().fill((byte) 0x55);
    block.asSlice(0, 512).fill((byte) 0);
    Hex.put(block, 0, "74 73 42 57  04");
    assertThat(LapSuperblock.decode(block)).isEqualTo(new LapSuperblock(4));
  }

  @Test
  void anythingElseIsNone() {
    for (String start : new String[] {"74 73 42 57 03", "74 73 42 57 0c", "75 73 42 57 0a"}) {
      MemorySegment block = Hex.block();
      Hex.put(block, 0, start);
      assertThat(LapSuperblock.isHere(block)).as(start).isFalse();
      assertThatThrownBy(() -> LapSuperblock.decode(block)).hasMessageContaining("no cache");
    }
    for (int at = 5; at < 512; at++) {
      MemorySegment block = Hex.block();
      Hex.put(block, 0, "74 73 42 57  0a");
      block.set(ValueLayout.JAVA_BYTE, at, (byte) 1);
      assertThat(LapSuperblock.isHere(block)).as("byte %d", at).isFalse();
    }
  }

  @Test
  void theOrderMustBeTheOneAskedFor() {
    assertThatThrownBy(() -> new LapSuperblock(7).requireOrder(10))
        .isInstanceOf(UnusableCacheException.class)
        .hasMessageContaining("order 7, not 10");
    assertThatThrownBy(() -> new LapSuperblock(12)).hasMessageContaining("for layout v1: 4 to 11");
  }

  @Test
  void theRecordIsTheIdAlone() {
    MemorySegment golden = Hex.block();
    Hex.put(golden, 3584, "88 77 66 55 44 33 22 11");
    MemorySegment block = Hex.block().fill((byte) 0x55);
    LapLayout.INSTANCE.encodeRecord(block, 0x1122334455667788L);
    assertThat(block.mismatch(golden)).isEqualTo(-1);
    assertThat(RecordSector.decode(block))
        .isEqualTo(new RecordSector(RecordSector.State.ABSENT, 0x1122334455667788L));
  }
}
