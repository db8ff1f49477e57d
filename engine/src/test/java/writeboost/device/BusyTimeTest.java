package writeboost.device;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** How busy a block device was, as the kernel says it. */
class BusyTimeTest {

  @TempDir private Path folder;

  @Test
  void isTheTenthNumber() throws IOException {
    Path file = folder.resolve("stat");
    Files.writeString(
        file,
        "   8741     3187   604354     3513    22402    19480  1207362    15190 "
            .concat("       2    12043    18824        0        0\n"));
    assertThat(new BusyTime(file).nanoseconds()).isEqualTo(12_043_000_000L);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "1 2 3", "a b c d e f g h i j k"})
  void isUnknownWhereTheKernelSaysSomethingElse(String text) throws IOException {
    Path file = folder.resolve("stat");
    assertThat(new BusyTime(file).nanoseconds()).isNegative();
    Files.writeString(file, text);
    assertThat(new BusyTime(file).nanoseconds()).isNegative();
  }
}
