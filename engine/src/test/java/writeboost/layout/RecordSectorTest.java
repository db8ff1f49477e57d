package writeboost.layout;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.Test;
import writeboost.layout.RecordSector.State;

final class RecordSectorTest {
  private static final long ID = 0x1122334455667788L;

  private static MemorySegment golden() {
    MemorySegment block = Hex.block();
    Hex.put(block, 3584, "88 77 66 55 44 33 22 11  57 42 6a 61 76 61 52 43  30 5b 83 e1");
    return block;
  }

  @Test
  void theSectorIsWhereTheKernelModuleHasIt() {
    assertThat(Geometry.RECORD_OFFSET).isEqualTo(1_048_064).isEqualTo(2047 * 512);
    assertThat(Geometry.RECORD_BLOCK_OFFSET).isEqualTo((1 << 20) - 4096);
  }

  @Test
  void goesThereAndBack() {
    MemorySegment block = Hex.block().fill((byte) 0x55);
    RecordSector.encode(block, ID);
    assertThat(block.mismatch(golden())).isEqualTo(-1);
    assertThat(RecordSector.decode(golden())).isEqualTo(new RecordSector(State.PRESENT, ID));
  }

  @Test
  void anIdAloneIsTheKernelModules() {
    MemorySegment block = Hex.block();
    assertThat(RecordSector.decode(block)).isEqualTo(new RecordSector(State.ABSENT, 0));
    Hex.put(block, 3584, "2a");
    assertThat(RecordSector.decode(block)).isEqualTo(new RecordSector(State.ABSENT, 42));
  }

  @Test
  void anyFlippedBitIsSeen() {
    for (int bit = 0; bit < 20 * 8; bit++) {
      MemorySegment block = golden();
      byte was = block.get(ValueLayout.JAVA_BYTE, 3584 + bit / 8);
      block.set(ValueLayout.JAVA_BYTE, 3584 + bit / 8, (byte) (was ^ 1 << bit % 8));
      assertThat(RecordSector.decode(block).state()).as("bit %d", bit).isEqualTo(State.DAMAGED);
    }
  }
}
