using System.Globalization;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using Grpc.Core;
using Grpc.Net.Client;
using Microsoft.Extensions.Logging;
using Plume.Protocol.V1;
using Plume.Server.Tests.Hosting;

namespace Plume.Server.Tests.Admission;

/// <summary>
/// Whatever a caller sends, it is told what is wrong, and the log has no stack of it, no error and nothing that is not seen.
/// </summary>
public sealed class CallersMistakesTests
{
    static readonly Marshaller<byte[]> Bytes = Marshallers.Create(bytes => bytes, bytes => bytes);

    // What would end the federation, or never end by itself, when it is asked rightly.
    static readonly string[] Spared = ["Stop", "Watch"];

    static readonly string Evil = "\u001b[31m\u202e" + new string('x', 300_000);

    [Fact]
    public async Task No_argument_of_any_call_is_an_error_of_the_server()
    {
        using var log = new LevelLines();
        await using var toy = new ServedToy();
        await toy.StartAsync(log: log);
        using var channel = GrpcChannel.ForAddress(toy.App.Urls.First());
        var calls = channel.CreateCallInvoker();
        await new Protocol.V1.Federation.FederationClient(channel)
            .JoinAsync(new JoinRequest { Federation = ServedToy.Federation, Protocol = 1 }, ServedToy.Operator);
        foreach (var method in PlumeReflection.Descriptor.Services.Where(service => service.Name != "Enrolment")
            .SelectMany(service => service.Methods))
        {
            foreach (byte[] sent in Sent(method))
            {
                var status = await StatusOfAsync(calls, method, sent);
                Assert.False(status.StatusCode is StatusCode.Unknown or StatusCode.Internal
                    or StatusCode.Unavailable,
                    $"{method.Name} of {sent.Length} bytes: {status} {string.Join('\n', log.Lines.TakeLast(3))}");
            }
        }

        Assert.DoesNotContain(log.Lines, line => line.Level >= LogLevel.Error || line.HasStack || line.Text.Any(char.IsControl)
            || line.Text.Contains('\u202e') || line.Text.Length > 20_000);
    }

    static IEnumerable<byte[]> Sent(MethodDescriptor method)
    {
        yield return [];
        yield return [0xFF, 0xFF, 0xFF];
        yield return [0x0A, 0xFF];
        yield return Filled(method.InputType, Evil).ToByteArray();
        if (!Spared.Contains(method.Name))
            yield return Filled(method.InputType, ServedToy.Federation).ToByteArray();
    }

    static IMessage Filled(MessageDescriptor type, string federation)
    {
        var message = type.Parser.ParseFrom(ByteString.Empty);
        foreach (var field in type.Fields.InFieldNumberOrder())
        {
            if (field.IsRepeated)
            {
                if (field.FieldType == FieldType.String)
                    ((System.Collections.IList)field.Accessor.GetValue(message)).Add(federation);
                continue;
            }

            field.Accessor.SetValue(message, field.FieldType switch
            {
                FieldType.String => field.Name == "federation" ? federation : Evil,
                FieldType.Bytes => ByteString.CopyFrom(new byte[32]),
                FieldType.Double => double.NaN,
                FieldType.UInt32 => uint.MaxValue,
                FieldType.UInt64 or FieldType.Fixed64 => ulong.MaxValue,
                FieldType.Bool => true,
                FieldType.Enum => int.MaxValue,
                FieldType.Message => Filled(field.MessageType, federation),
                var other => throw new NotSupportedException(
                    string.Create(CultureInfo.InvariantCulture, $"No value for {other}.")),
            });
        }

        return message;
    }

    static async Task<Status> StatusOfAsync(CallInvoker calls, MethodDescriptor method, byte[] sent)
    {
        using var call = calls.AsyncDuplexStreamingCall(
            new Method<byte[], byte[]>(MethodType.DuplexStreaming, method.Service.FullName, method.Name, Bytes, Bytes), null,
            new CallOptions(ServedToy.Operator));
        try
        {
            await call.RequestStream.WriteAsync(sent);
            await call.RequestStream.CompleteAsync();
        }
        catch (Exception ended) when (ended is RpcException or InvalidOperationException or IOException)
        {
            // Refused before all of it was sent.
        }

        try
        {
            while (await call.ResponseStream.MoveNext(CancellationToken.None))
                _ = call.ResponseStream.Current;
        }
        catch (RpcException refusal)
        {
            return refusal.Status;
        }

        return call.GetStatus();
    }

    sealed class LevelLines : ILoggerProvider, ILogger
    {
        readonly List<(LogLevel Level, string Text, bool HasStack)> lines = [];

        public IReadOnlyList<(LogLevel Level, string Text, bool HasStack)> Lines
        {
            get
            {
                lock (lines)
                    return [.. lines];
            }
        }

        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Information;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception,
            Func<TState, Exception?, string> formatter)
        {
            lock (lines)
                lines.Add((logLevel, formatter(state, exception), exception is not null));
        }

        public void Dispose()
        {
        }
    }
}
