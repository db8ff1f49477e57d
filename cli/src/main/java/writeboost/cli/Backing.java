package writeboost.cli;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import writeboost.nbd.NbdAddress;
import writeboost.nbd.Tls;

/** The slow device, as the command line names it. */
sealed interface Backing {

  /** What options and help call an export that cannot flush. */
  String NO_FLUSH_OPTION = "--backing-no-flush";

  /** What messages call it. */
  String name();

  /** What a volume in front of it is called, unless it is given a name. */
  String volumeName();

  /**
   * A file or a block device.
   *
   * @param size bytes to create it with, if it does not exist; null if it has to exist
   */
  record Local(Path path, @Nullable Long size) implements Backing {
    @Override
    public String name() {
      return path.toString();
    }

    @Override
    public String volumeName() {
      Path file = path.getFileName();
      return file == null || file.toString().isEmpty() ? "volume" : file.toString();
    }
  }

  /**
   * An export of an NBD server.
   *
   * @param noFlush one that cannot flush will do
   * @param tls for an address that wants TLS; null for what Java trusts
   */
  record Remote(NbdAddress address, boolean noFlush, @Nullable Tls tls) implements Backing {
    @Override
    public String name() {
      return address.text();
    }

    @Override
    public String volumeName() {
      return address.name();
    }
  }

  static Backing parse(String text, @Nullable Long size, boolean noFlush, @Nullable Tls tls)
      throws CommandFailure {
    if (!NbdAddress.looksLikeOne(text)) {
      if (noFlush) {
        throw CommandFailure.usage(
            NO_FLUSH_OPTION + " is for a BACKING over NBD; " + text + " is a file");
      }
      requireNoTls(text, tls);
      return new Local(Path.of(text).toAbsolutePath(), size);
    }
    if (size != null) {
      throw CommandFailure.usage(text + ": its server says its size; leave out --backing-size");
    }
    try {
      NbdAddress address = NbdAddress.parse(text);
      if (!address.wantsTls()) {
        requireNoTls(text, tls);
      }
      return new Remote(address, noFlush, tls);
    } catch (IllegalArgumentException e) {
      throw CommandFailure.usage(String.valueOf(e.getMessage()));
    }
  }

  private static void requireNoTls(String text, @Nullable Tls tls) throws CommandFailure {
    if (tls != null) {
      throw CommandFailure.usage(
          text + ": --backing-tls-ca is for a BACKING over nbds:// or nbds+unix://");
    }
  }
}
