using System.Net;
using Microsoft.Extensions.Logging;

namespace Plume.Server.Flower;

/// <summary>What the Flower door logs. Texts from clients are plain by the time they come here.</summary>
static partial class FlowerLog
{
    [LoggerMessage(Level = LogLevel.Warning,
        Message = "The Flower door is open at {Address}. It asks no client who it is: whoever reaches the address can take "
            + "part in the federation and read its model.")]
    public static partial void DoorOpen(this ILogger logger, EndPoint address);

    [LoggerMessage(Level = LogLevel.Information, Message = "Flower client {Name} joined as client {Client}.")]
    public static partial void Joined(this ILogger logger, string name, int client);

    [LoggerMessage(Level = LogLevel.Information, Message = "Flower client {Name} left: {Reason}")]
    public static partial void Left(this ILogger logger, string name, string reason);

    [LoggerMessage(Level = LogLevel.Information,
        Message = "The update of Flower client {Name} for round {Round} counts: {Samples} samples, {Bytes} bytes.")]
    public static partial void Counted(this ILogger logger, string name, int round, int samples, int bytes);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Flower client {Name} has no part in round {Round}: {Problem}")]
    public static partial void Failed(this ILogger logger, string name, int round, string problem);
}
