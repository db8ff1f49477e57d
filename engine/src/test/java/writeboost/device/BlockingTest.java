package writeboost.device;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class BlockingTest {
  @TempDir Path folder;

  /** One device that completes inside submit, one that does so on another thread. */
  @ParameterizedTest
  @EnumSource(names = {"MEMORY", "BUFFERED"})
  void waitsForTheAnswer(DeviceUnderTest kind) throws Exception {
    try (var opened = kind.open(folder, 1 << 20)) {
      Blocking blocking = new Blocking(opened.device, "cache.img");
      MemorySegment data = Calls.memory(4096).fill((byte) 7);
      MemorySegment expected = Calls.memory(4096).fill((byte) 7);
      blocking.write(8192, data);
      blocking.writeZeroes(8192, 512, 0);
      blocking.write(8192 + 1024, Calls.memory(1024), 256, 512);
      blocking.flush();
      expected.asSlice(0, 512).fill((byte) 0);
      expected.asSlice(1024, 512).fill((byte) 0);
      blocking.read(8192, data);
      assertThat(data.mismatch(expected)).isEqualTo(-1);

      assertThatThrownBy(() -> blocking.read(1 << 20, data))
          .isInstanceOf(IOException.class)
          .hasMessage("cache.img: READ of 4096 bytes at 1048576 failed: EINVAL");
    }
  }
}
