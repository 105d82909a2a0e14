using System.Runtime.InteropServices;

namespace Plume.Cli.Runs;

/// <summary>
/// Ctrl-C and SIGTERM while a run is at work: the first lets it end its round, the second ends the program at once, as a user in
/// a hurry means it.
/// </summary>
sealed class StopSignals : IDisposable
{
    readonly CancellationTokenSource stop = new();
    readonly PosixSignalRegistration[] registrations;
    readonly Action abandon;

    /// <summary>Listens from now on.</summary>
    /// <param name="abandon">Clears away what must not stay, before the program ends at once; it is called on a thread of its
    /// own.</param>
    public StopSignals(Action abandon)
    {
        this.abandon = abandon;
        registrations = [PosixSignalRegistration.Create(PosixSignal.SIGINT, Take),
            PosixSignalRegistration.Create(PosixSignal.SIGTERM, Take)];
    }

    /// <summary>Is cancelled by the first.</summary>
    public CancellationToken Stopped => stop.Token;

    /// <summary>
    /// Stops as after the first signal when whoever writes the standard input ends or closes it: how a program stops one that it
    /// started.
    /// </summary>
    public void StopWithInput()
    {
        new Thread(Wait) { IsBackground = true }.Start();

        void Wait()
        {
            using var input = Console.OpenStandardInput();
            while (input.ReadByte() >= 0)
            {
            }

            try
            {
                stop.Cancel();
            }
            catch (ObjectDisposedException)
            {
                // All was done by then.
            }
        }
    }

    public void Dispose()
    {
        Array.ForEach(registrations, registration => registration.Dispose());
        stop.Dispose();
    }

    void Take(PosixSignalContext signal)
    {
        signal.Cancel = !stop.IsCancellationRequested;
        if (signal.Cancel)
            stop.Cancel();
        else
            abandon();
    }
}
