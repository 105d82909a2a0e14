using System.IO.Hashing;
using System.Runtime.InteropServices;
using System.Runtime.Loader;
using Plume.Compression.Files;
using TorchSharp;

namespace Plume.Learning.Native;

/// <summary>
/// Loads TorchSharp's native library, also where the system's C++ runtime is a little older than the one it was built
/// with (Debian 12): there a copy in which the one newer symbol version is marked as optional is loaded instead.
/// </summary>
/// <remarks>
/// Nothing of that version is ever called; the name is a marker only. Must run before the first touch of torch.
/// </remarks>
public static class TorchLibrary
{
    const string Bridge = "LibTorchSharp";
    const string NewerVersion = "GLIBCXX_3.4.32";

    static readonly string[] Platforms = ["linux-x64", "osx-arm64", "win-arm64", "win-x64"];
    static readonly Lazy<bool> Loading = new(Load);

    /// <summary>Makes torch ready, once: one thread for each call, so that several models can train side by side.</summary>
    /// <exception cref="DllNotFoundException">There is no native library for this platform beside the program.</exception>
    /// <exception cref="PlatformNotSupportedException">It computes wrongly on this machine, and cannot be helped.</exception>
    public static void EnsureLoaded() => _ = Loading.Value;

    /// <summary>
    /// Whether torch convolves by oneDNN. Where that gives wrong gradients it does so by itself, which takes up to three times
    /// as long. Makes torch ready.
    /// </summary>
    public static bool ConvolvesByOneDnn => Loading.Value;

    static bool Load()
    {
        Reproducibility.AskForIt();
        // Torch itself would write pages on standard output.
        string core = OperatingSystem.IsWindows() ? "torch_cpu.dll" : OperatingSystem.IsMacOS() ? "libtorch_cpu.dylib" : "libtorch_cpu.so";
        string? file = Find(core);
        if (file is null && !NativeLibrary.TryLoad(core, out _))
            throw new DllNotFoundException(WhyMissing(RuntimeInformation.RuntimeIdentifier));
        AssemblyLoadContext.Default.ResolvingUnmanagedDll += (_, name) => Path.GetFileNameWithoutExtension(name) == Bridge
            ? LoadRelaxed() : 0;
        Allocator.KeepFreedMemory();
        torch.InitializeDeviceType(DeviceType.CPU);
        torch.set_num_threads(1);
        return OneDnn.UseIfSound(NativeLibrary.TryLoad(file ?? core, out nint library) ? library : 0);
    }

    internal static string WhyMissing(string platform) => Platforms.Contains(platform)
        ? $"Nothing can be trained here, for torch's native code is not beside the program: its own project needs the package "
            + $"libtorch-cpu-{platform}."
        : $"Nothing can be trained on {platform}, for which there is no native code of torch; there is for "
            + $"{string.Join(", ", Platforms)}.";

    // Asked only after the plain load failed.
    static nint LoadRelaxed()
    {
        if (!OperatingSystem.IsLinux() || Find($"lib{Bridge}.so") is not { } bridge)
            return 0;
        foreach (string name in new[] { "libc10.so", "libtorch_cpu.so", "libtorch.so" })
        {
            if (Find(name) is { } library)
                NativeLibrary.Load(library);
        }

        byte[] bytes = File.ReadAllBytes(bridge);
        string hash = Convert.ToHexStringLower(XxHash64.Hash(bytes));
        string copy = Path.Combine(CacheFolder(), $"lib{Bridge}-{hash}.so");
        if (!File.Exists(copy))
        {
            ElfVersionNeeds.MakeOptional(bytes, NewerVersion);
            AtomicFile.Write(copy, bytes);
        }

        return NativeLibrary.Load(copy);
    }

    static string? Find(string file)
    {
        string folders = AppContext.GetData("NATIVE_DLL_SEARCH_DIRECTORIES") as string ?? "";
        return folders.Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
            .Append(AppContext.BaseDirectory)
            .Append(Path.Combine(AppContext.BaseDirectory, "runtimes", RuntimeInformation.RuntimeIdentifier, "native"))
            .Select(folder => Path.Combine(folder, file))
            .FirstOrDefault(File.Exists);
    }

    static string CacheFolder()
    {
        string cache = Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData);
        if (cache.Length > 0)
        {
            try
            {
                return Directory.CreateDirectory(Path.Combine(cache, "plume")).FullName;
            }
            catch (Exception refusal) when (refusal is IOException or UnauthorizedAccessException)
            {
                // A home that cannot be written to: the temporary folder does as well, at the cost of a copy a run.
            }
        }

        return Directory.CreateTempSubdirectory("plume-").FullName;
    }
}
