#!/usr/bin/perl
# Reputation against real Redis servers that fail: t/live/rep_ha.c.
use strict;
use warnings;

my $build = $ENV{builddir} || 'build';
exec "$build/t/live/bin/rep_ha" or die "$build/t/live/bin/rep_ha: $!";
