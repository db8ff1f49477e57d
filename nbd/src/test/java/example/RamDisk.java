package example;

import java.net.InetSocketAddress;
import writeboost.device.MemoryDevice;
import writeboost.nbd.Export;
import writeboost.nbd.NbdServer;
import writeboost.nbd.ServerOptions;

/** A disk in RAM that any NBD client can use: {@code java example.RamDisk 10809}. */
public final class RamDisk {

  public static void main(String[] arguments) throws Exception {
    int port = Integer.parseInt(arguments[0]);
    try (MemoryDevice disk = new MemoryDevice(64 << 20);
        NbdServer server = NbdServer.start(ServerOptions.DEFAULTS)) {
      server.export(disk, new Export("ram", "64 MiB of RAM", false));
      server.listen(new InetSocketAddress("localhost", port));
      System.out.println("ready nbd://localhost:" + port + "/ram");
      Thread.currentThread().join(); // until the process ends
    }
  }
}
