% The article's prune_model and quantize_model as its text describes them, in Octave, on ten million floats: GB/s.
% Run by bench/peers/run beside Plume; needs Debian's octave.
1;

function pruned = prune_model (model, pruning_rate)
  % The smallest magnitudes become zero.
  ordered = sort (abs (model));
  threshold = ordered(floor (pruning_rate * numel (model)) + 1);
  pruned = model .* (abs (model) >= threshold);
end

function levels = quantize_model (model, num_bits)
  % Whatever the range, to 2^num_bits levels and back.
  low = min (model);
  step = (max (model) - low) / (2 ^ num_bits - 1);
  levels = low + round ((model - low) / step) * step;
end

function seconds = best (work)
  seconds = Inf;
  for repeat = 1:3
    start = tic ();
    work ();
    seconds = min (seconds, toc (start));
  end
end

randn ("seed", 1);
model = single (randn (1, 10000000));
printf ("{\"octave prune 99 %%\": %.6f, \"octave quantize 8 bits\": %.6f}\n", ...
        0.04 / best (@() prune_model (model, 0.99)), 0.04 / best (@() quantize_model (model, 8)));
