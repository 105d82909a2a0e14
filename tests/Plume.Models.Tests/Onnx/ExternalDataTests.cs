using Google.Protobuf;
using Plume.Compression.Wire;
using Plume.Models.Onnx;
using Plume.Models.Onnx.Messages;

namespace Plume.Models.Tests;

/// <summary>
/// Weights in files beside the model's: read where they lie in its folder, refused with the place where they do not.
/// </summary>
public sealed class ExternalDataTests : IDisposable
{
    readonly string root = Directory.CreateTempSubdirectory("plume-external").FullName;

    string Folder => Directory.CreateDirectory(Path.Combine(root, "model")).FullName;

    [Theory]
    [InlineData("w.data")]
    [InlineData("below/w.data")]
    [InlineData("inner-link")]
    public void Weights_in_the_folder_are_read(string location)
    {
        Directory.CreateDirectory(Path.Combine(Folder, "below"));
        File.WriteAllBytes(Path.Combine(Folder, "below", "w.data"), Bytes(1000));
        File.WriteAllBytes(Path.Combine(Folder, "w.data"), Bytes(1000));
        File.CreateSymbolicLink(Path.Combine(Folder, "inner-link"), Path.Combine(Folder, "w.data"));

        var tensor = OnnxFile.ReadFile(Model(location)).FindInitializer("fc.weight")!;

        Assert.Equal(Bytes(1000).AsSpan(8, tensor.Data.Length).ToArray(), tensor.Data.ToArray());
    }

    [Theory]
    [InlineData("../secret.data", "without '..'")]
    [InlineData("below/../../secret.data", "without '..'")]
    [InlineData("..\\secret.data", "without '..'")]
    [InlineData("/etc/hostname", "without '..'")]
    [InlineData("link.data", "a link that leaves the folder")]
    [InlineData("linked/secret.data", "a link that leaves the folder")]
    [InlineData("short.data", "must lie within its 10 bytes")]
    [InlineData("missing.data", "which is not there")]
    [InlineData("", "must be in a file beside the model")]
    public void Weights_elsewhere_are_refused_with_the_place(string location, string reason)
    {
        File.WriteAllBytes(Path.Combine(root, "secret.data"), Bytes(1000));
        File.WriteAllBytes(Path.Combine(Folder, "short.data"), Bytes(10));
        File.CreateSymbolicLink(Path.Combine(Folder, "link.data"), Path.Combine(root, "secret.data"));
        Directory.CreateSymbolicLink(Path.Combine(Folder, "linked"), root);

        string message = Assert.Throws<InvalidPayloadException>(() => OnnxFile.ReadFile(Model(location))).Message;

        Assert.Contains("initializer 'fc.weight'", message, StringComparison.Ordinal);
        Assert.Contains(reason, message, StringComparison.Ordinal);
    }

    /// <inheritdoc/>
    public void Dispose() => Directory.Delete(root, recursive: true);

    string Model(string location)
    {
        var model = ModelProto.Parser.ParseFrom(OnnxFile.Write(OnnxFileTests.Tiny()));
        var tensor = model.Graph.Initializer.Single(tensor => tensor.Name == "fc.weight");
        tensor.ClearRawData();
        tensor.DataLocation = TensorProto.Types.DataLocation.External;
        tensor.ExternalData.Add([new() { Key = "location", Value = location }, new() { Key = "offset", Value = "8" }]);
        string path = Path.Combine(Folder, "m.onnx");
        File.WriteAllBytes(path, model.ToByteArray());
        return path;
    }

    static byte[] Bytes(int count) => [.. Enumerable.Range(0, count).Select(i => (byte)(i % 4 == 3 ? 63 : i))];
}
