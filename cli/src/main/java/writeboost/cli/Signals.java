package writeboost.cli;

import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Proxy;

/**
 * SIGINT and SIGTERM. A shutdown hook would not do: it cannot tell a second signal, and leaves the
 * exit code to the JVM.
 */
final class Signals {

  private Signals() {}

  /** From now on {@code handler} runs for either signal, each time, on a thread of the JVM's. */
  static void handle(Runnable handler) {
    try {
      // The only public way to signals is marked as internal, so it is reached by name.
      Class<?> signal = Class.forName("sun.misc.Signal");
      Class<?> signalHandler = Class.forName("sun.misc.SignalHandler");
      InvocationHandler invocation =
          (proxy, method, arguments) ->
              switch (method.getName()) {
                case "handle" -> {
                  handler.run();
                  yield null;
                }
                case "hashCode" -> System.identityHashCode(proxy);
                case "equals" -> false;
                default -> "signal handler";
              };
      Object proxy =
          Proxy.newProxyInstance(
              Signals.class.getClassLoader(), new Class<?>[] {signalHandler}, invocation);
      for (String name : new String[] {"INT", "TERM", "HUP"}) {
        signal
            .getMethod("handle", signal, signalHandler)
            .invoke(null, signal.getConstructor(String.class).newInstance(name), proxy);
      }
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("this Java does not tell of signals", e);
    }
  }
}
