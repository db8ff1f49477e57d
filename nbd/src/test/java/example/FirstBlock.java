package example;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.HexFormat;
import writeboost.device.Blocking;
import writeboost.nbd.ClientOptions;
import writeboost.nbd.NbdAddress;
import writeboost.nbd.NbdDevice;

/** Prints the first block of an export: {@code java example.FirstBlock nbd://localhost:10809}. */
public final class FirstBlock {

  public static void main(String[] arguments) throws Exception {
    System.out.println(HexFormat.of().formatHex(read(arguments[0])));
  }

  public static byte[] read(String uri) throws Exception {
    try (Arena arena = Arena.ofShared();
        NbdDevice disk = NbdDevice.connect(NbdAddress.parse(uri), ClientOptions.DEFAULTS)) {
      MemorySegment block = arena.allocate(4096);
      new Blocking(disk, uri).read(0, block);
      return block.toArray(ValueLayout.JAVA_BYTE);
    }
  }
}
