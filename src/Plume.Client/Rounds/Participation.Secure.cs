using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Logging;
using Plume.Client.Calls;
using Plume.Client.Identity;
using Plume.Client.State;
using Plume.Compression.Randomness;
using Plume.Compression.Wire;
using Plume.Federation.SecureRounds;
using Plume.Federation.SecureSums;
using Plume.Protocol.V1;
using LocalObjective = Plume.Federation.Learners.LocalObjective;
using SecureTask = Plume.Federation.SecureRounds.SecureTask;
using What = Plume.Protocol.V1.SumTripReply.Types.What;

namespace Plume.Client.Rounds;

/// <summary>How an update comes to be in a secure sum.</summary>
sealed partial class Participation
{
    const string Unsigned = "Updates are added up in secret, but without TLS nobody vouches for the other clients: a server that "
        + "puts keys of its own in the place of theirs reads this client's update.";

    bool isWarned;

    // One call: a trip, or the question what became of an update whose secrets are lost.
    async Task<JoinResult?> AddAsync(KeptUpdate update, CancellationToken cancellation)
    {
        SumTripReply? reply;
        try
        {
            reply = part is null ? await OutcomeAsync(update, cancellation).ConfigureAwait(false)
                : await part.StepAsync(cancellation).ConfigureAwait(false);
        }
        catch (SumRefusedException refusal)
        {
            Forget();
            GiveUp(update.Round, update.Attempt, refusal.Message, null);
            return null;
        }

        switch (reply?.What)
        {
            case null or What.Open:
                return null;
            case What.Anew:
                Forget();
                return await AskAsync(cancellation).ConfigureAwait(false);
            case What.Counted:
                Forget();
                Count(update, reply.Message);
                return null;
            case What.Refused:
                Forget();
                Refuse(update, reply.Rule, reply.Message);
                return null;
            default:
                throw new IOException($"The server answered a trip of a secure sum with {reply.What}, which this release does not "
                    + $"know.");
        }
    }

    Task<SumTripReply> OutcomeAsync(KeptUpdate update, CancellationToken cancellation) => trips.MakeAsync(
        new SumTripHeader
        {
            Round = (uint)update.Round,
            Attempt = (uint)update.Attempt,
            Trip = SumTripHeader.Types.Trip.Outcome,
        }, default, cancellation);

    void Begin(SecureRound round, KeptUpdate update)
    {
        Forget();
        tell(ClientStage.Uploading, update.Round, "");
        try
        {
            part = new SecurePart(round, update, terms.Number, folder, trips, Identity());
        }
        catch (SumRefusedException refusal)
        {
            GiveUp(update.Round, update.Attempt, refusal.Message, null);
        }
    }

    CertifiedIdentity? Identity()
    {
        if ((options.Identity?.Certificate ?? options.Certificate?.Invoke()) is { } own)
        {
            var root = options.RootFile is { } file ? X509CertificateLoader.LoadCertificateFromFile(file) : null;
            return new CertifiedIdentity(own, root, options.Known, options.Time);
        }

        if (!isWarned)
        {
            LogUnsigned(options.Logger, options.Name, Unsigned);
            tell(ClientStage.Noted, 0, Unsigned);
        }

        isWarned = true;
        return null;
    }

    void Forget()
    {
        part?.Dispose();
        part = null;
    }

    SecureRound SecureRoundOf(RoundTask task, LocalObjective objective)
    {
        var secure = task.Secure
            ?? throw new InvalidPayloadException("The server sent a task without what its clients share in a secure sum.");
        var told = new SecureTask(task.Round.Checked("round"), task.Attempt.Checked("attempt"),
            task.ModelVersion.Checked("model version"), [.. secure.Participants.Select(client => client.Checked("participant"))],
            secure.Quorum.Checked("quorum"), new RandomKey(secure.SharedKey), secure.Step, objective)
        {
            SampleCap = secure.SampleCap == 0 ? null : secure.SampleCap.Checked("sample cap"),
            Session = (long)secure.Session,
            IsSigned = secure.IsSigned,
            Noise = secure.Noise == 0 ? null : secure.Noise,
        };
        CheckNoise(options, told.Noise, told.Noise is { } noise ? $"it asks for {noise}" : "it asks for none");
        try
        {
            return new SecureRound(told, terms.Method, terms.Uplink, terms.Layout, model.Values.Span);
        }
        catch (Exception problem) when (problem is ArgumentException or InvalidOperationException)
        {
            throw new InvalidPayloadException($"The server sent a task that no update can be made by: {problem.Message}");
        }
    }

    // Before it learns anything. Of noise that the server adds a client knows only what the server says.
    static void CheckNoise(ClientOptions options, double? noise, string instead)
    {
        if (options.LeastNoise is { } least && !(noise >= least))
            throw new FederationException($"This client takes part only where clients add a noise of {least} or more to a secure sum, "
                + $"and of the federation '{options.Federation}' {instead}. Ask whoever runs it for more, or join with less.");
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Client}: {Note}")]
    static partial void LogUnsigned(ILogger logger, string client, string note);
}
