package writeboost.kernel;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.tukaani.xz.XZInputStream;
import writeboost.device.BlockDevice;
import writeboost.device.Blocking;
import writeboost.device.MemoryDevice;

/**
 * A set of images that the real kernel module wrote; see the README beside them.
 *
 * @param set the name of its folder
 */
public record KernelImage(String set) {

  private static final int PIECE = 1 << 20;

  /** As the module left the cache device. */
  public InputStream cache() throws IOException {
    return image("cache-after.img.xz");
  }

  /** As the module left the backing device. */
  public InputStream backing() throws IOException {
    if (set.equals("bad-data")) {
      return new KernelImage("wrap").backing();
    }
    boolean changed = KernelImage.class.getResource(path("backing-after.img.xz")) != null;
    return image(changed ? "backing-after.img.xz" : "backing-before.img.xz");
  }

  /** What a reader must find. */
  public String expectedSha256() {
    return fact("expected_logical");
  }

  private String fact(String name) {
    try (InputStream in = resource("facts.txt")) {
      String text = new String(in.readAllBytes(), StandardCharsets.UTF_8);
      return text.lines()
          .filter(line -> line.startsWith(name + ": "))
          .map(line -> line.substring(name.length() + 2).strip())
          .findFirst()
          .orElseThrow();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** An image in RAM. */
  public static BlockDevice inMemory(InputStream image) throws IOException {
    byte[] bytes;
    try (image) {
      bytes = image.readAllBytes();
    }
    BlockDevice device = new MemoryDevice(bytes.length);
    byte[] zeroes = new byte[PIECE];
    try (Arena arena = Arena.ofShared()) {
      MemorySegment piece = arena.allocate(PIECE);
      for (int at = 0; at < bytes.length; at += PIECE) {
        int length = Math.min(PIECE, bytes.length - at);
        if (!Arrays.equals(bytes, at, at + length, zeroes, 0, length)) {
          MemorySegment.copy(MemorySegment.ofArray(bytes), at, piece, 0, length);
          new Blocking(device, "image").write(at, piece, 0, length);
        }
      }
    }
    return device;
  }

  private InputStream image(String file) throws IOException {
    return new XZInputStream(resource(file));
  }

  private InputStream resource(String file) {
    InputStream in = KernelImage.class.getResourceAsStream(path(file));
    if (in == null) {
      throw new IllegalStateException(path(file) + " is missing");
    }
    return in;
  }

  private String path(String file) {
    return "/kernel-images/" + set + "/" + file;
  }

  @Override
  public String toString() {
    return set;
  }
}
