using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Plume.EndToEnd.Host;
using Plume.Federation.Models;
using Plume.Server.Federations.Blobs;
using Plume.Server.Federations.Records;
using Plume.Server.Storage;
using Plume.Server.Storage.Folder;
using Plume.Server.Storage.Postgres;

namespace Plume.EndToEnd.Tests.Checks;

/// <summary>What a server's storage says of the run, read when the server is gone.</summary>
/// <param name="Version">Of the newest head.</param>
/// <param name="Head">Its content.</param>
/// <param name="Rounds">What is kept of each committed round, from the first on.</param>
/// <param name="Checkpoint">SHA-256 of the newest checkpoint's bytes, as they lie there.</param>
/// <param name="Published">SHA-256 of the models that clients of each capacity see, in it.</param>
/// <param name="Model">SHA-256 of the model that ships: the same, but where the server alone has it.</param>
/// <param name="Blobs">Everything that lies among the blobs.</param>
sealed record ServerHistory(int Version, FederationHead Head, IReadOnlyList<VersionRecord> Rounds, string Checkpoint,
    IReadOnlyList<string> Published, string Model, IReadOnlyList<string> Blobs)
{
    public static async Task<ServerHistory> ReadAsync(string state, ToyPlan plan)
    {
        using var ledger = new FolderLedger(Path.Combine(state, "ledger"));
        return await ReadAsync(ledger, new FolderBlobs(Path.Combine(state, "blobs")), plan);
    }

    public static async Task<ServerHistory> ReadFromAsync(string database, ToyPlan plan)
    {
        await using var storage = await PostgresStorage.OpenAsync(database, TimeProvider.System, default);
        return await ReadAsync(storage.Ledger, storage.Blobs, plan);
    }

    static async Task<ServerHistory> ReadAsync(ILedger ledger, IBlobs blobs, ToyPlan plan)
    {
        var content = await ledger.TakeOverAsync(ToyPlan.Federation, default);
        List<VersionRecord> rounds = [.. content.Records.Skip(1).Select(VersionRecord.FromBytes)];
        string name = new BlobNames(ToyPlan.Federation).Checkpoint(content.Version);
        var checkpoint = new byte[(await blobs.LengthAsync(name, default))!.Value];
        await blobs.ReadAsync(name, 0, checkpoint, default);
        var definition = plan.ToDefinition();
        int length = definition.Published.Length;
        var floats = MemoryMarshal.Cast<byte, float>(checkpoint);
        float[] published = floats.Slice(length, length).ToArray();
        var seen = new List<string>();
        var rest = floats[length..];
        foreach (var capacity in definition.Plan.ModelsOf(definition.Layout))
        {
            int own = definition.Plan.Published(capacity.Layout).Length;
            seen.Add(Sha256(MemoryMarshal.AsBytes(definition.Plan.Method.Model(capacity.Layout, rest[..own].ToArray()).Span)));
            rest = rest[own..];
        }

        float[] memory = rest.ToArray();
        var model = GlobalModel.WeightsOf(definition.Plan, definition.Layout, definition.Optimizer, published, memory);
        return new ServerHistory(content.Version, FederationHead.FromBytes(content.Head), rounds, Sha256(checkpoint), seen,
            Sha256(MemoryMarshal.AsBytes(model.Span)), await blobs.ListAsync("", default));
    }

    static string Sha256(ReadOnlySpan<byte> bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes));
}
