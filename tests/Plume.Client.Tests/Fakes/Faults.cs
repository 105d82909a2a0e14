using System.Collections.Concurrent;
using Grpc.Core;
using Plume.Protocol.V1;

namespace Plume.Client.Tests.Fakes;

/// <summary>What is to go wrong on a server, each thing once, in order.</summary>
sealed class Faults
{
    /// <summary>The name of a call, and what it answers with instead.</summary>
    public ConcurrentQueue<(string Call, RpcException Error)> Errors { get; } = [];

    /// <summary>Whether cuts take the connection with them, and what is on its way in it, rather than only the call.</summary>
    public bool CutsConnections { get; set; }

    /// <summary>Bytes of a download after which it is cut.</summary>
    public ConcurrentQueue<int> DownloadCuts { get; } = [];

    /// <summary>Bytes of an upload after which it is cut.</summary>
    public ConcurrentQueue<int> UploadCuts { get; } = [];

    /// <summary>Downloads in which a byte is damaged.</summary>
    public int DamagedDownloads { get; set; }

    /// <summary>Answers to uploads that are decided but do not arrive.</summary>
    public int LostAnswers { get; set; }

    /// <summary>Uploads whose bytes the server finds damaged.</summary>
    public int DamagedUploads { get; set; }

    /// <summary>Uploads that are refused before a byte is read.</summary>
    public ConcurrentQueue<UploadReply> Refusals { get; } = [];

    /// <summary>Answers instead of a task.</summary>
    public ConcurrentQueue<NextTaskReply> Answers { get; } = [];

    /// <summary>Headers instead of a download's own.</summary>
    public ConcurrentQueue<DownloadHeader> Headers { get; } = [];

    public Faults Fail(string call, StatusCode code, string message = "scripted")
    {
        Errors.Enqueue((call, new RpcException(new Status(code, message))));
        return this;
    }

    public void Meet(string call)
    {
        if (Errors.TryPeek(out var next) && next.Call == call && Errors.TryDequeue(out next))
            throw next.Error;
    }
}
