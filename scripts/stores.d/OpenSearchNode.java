import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.opensearch.Version;
import org.opensearch.analysis.common.CommonAnalysisModulePlugin;
import org.opensearch.common.settings.Settings;
import org.opensearch.env.Environment;
import org.opensearch.index.mapper.MapperExtrasModulePlugin;
import org.opensearch.index.reindex.ReindexModulePlugin;
import org.opensearch.node.InternalSettingsPreparer;
import org.opensearch.node.Node;
import org.opensearch.plugins.Plugin;
import org.opensearch.plugins.PluginInfo;
import org.opensearch.transport.Netty4ModulePlugin;

/**
 * A single OpenSearch node run from plain jars: the second engine behind the search port, the one that has
 * language analyzers. {@code scripts/stores} runs this file from source: PATH_HOME HTTP_PORT.
 */
public class OpenSearchNode extends Node {
  // Node's public constructor looks for plugins on disk; the protected one takes them from the classpath.
  private OpenSearchNode(Environment environment) {
    super(
        environment,
        modules(
            Netty4ModulePlugin.class,
            CommonAnalysisModulePlugin.class,
            MapperExtrasModulePlugin.class,
            ReindexModulePlugin.class),
        true);
  }

  @SafeVarargs
  private static List<PluginInfo> modules(Class<? extends Plugin>... classes) {
    return Arrays.stream(classes)
        .map(c -> new PluginInfo(
            c.getName(), "classpath module", "NA", Version.CURRENT, "21", c.getName(), null, List.of(), false))
        .toList();
  }

  public static void main(String[] args) throws Exception {
    Settings settings = Settings.builder()
        .put("path.home", args[0])
        .put("http.port", args[1])
        .put("transport.port", 0)
        .put("network.host", "127.0.0.1")
        .put("node.name", "polygraph")
        .put("cluster.name", "polygraph-opensearch")
        .put("discovery.type", "single-node")
        .put("transport.type", "netty4")
        .put("http.type", "netty4")
        // A nearly full developer's disk must not turn indexes read-only.
        .put("cluster.routing.allocation.disk.threshold_enabled", false)
        // A write before its migration is a mistake to see, not an index to guess.
        .put("action.auto_create_index", false)
        .build();
    Node node = new OpenSearchNode(
        InternalSettingsPreparer.prepareEnvironment(settings, Map.of(), null, () -> "polygraph"));
    Runtime.getRuntime().addShutdownHook(new Thread(() -> {
      try {
        node.close();
      } catch (Exception e) {
        e.printStackTrace();
      }
    }));
    node.start();
    // The server's own threads are daemons: the process lives as long as this one.
    Thread.currentThread().join();
  }
}
