using System.ComponentModel;
using System.Diagnostics;
using Plume.Cli.Terminal;

namespace Plume.Cli.Viewing;

/// <summary>The browser of whoever sits at this machine.</summary>
static class Browser
{
    /// <summary>Shows a page in it; where none can be started, the address that was printed has to do.</summary>
    public static void TryOpen(string address)
    {
        try
        {
            using var started = Process.Start(Opener(address));
        }
        catch (Exception missing) when (missing is Win32Exception or FileNotFoundException or PlatformNotSupportedException)
        {
            Tell.Note($"No browser could be started here; open the address in one.");
        }
    }

    static ProcessStartInfo Opener(string address) => OperatingSystem.IsWindows()
        ? new ProcessStartInfo(address) { UseShellExecute = true }
        : new ProcessStartInfo(OperatingSystem.IsMacOS() ? "open" : "xdg-open", [address])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
}
